// SPDX-License-Identifier: Apache-2.0
//! The other side of tests/interop/run: the original's ticket library makes and checks payments.
//!
//! spend unbound|bound BOOK COIN DAY PAY_INFO        prints a payment from coin COIN of a book file
//! verify unbound|bound VK DAY PAY_INFO PAYMENT [N]   prints "valid", or "refused"; N: and
//!                                                    milliseconds of processor time for each of
//!                                                    N checks
//!
//! Bytes are hexadecimal, DAY is Unix seconds. "unbound" is the library 1.21.0, which makes payments
//! without the response r_k, "bound" is 2.0.0, which makes them with it.

/// Processor time of this process.
fn cpu_ms() -> f64 {
    #[repr(C)]
    struct Timespec {
        seconds: i64,
        nanoseconds: i64,
    }
    extern "C" {
        fn clock_gettime(clock: i32, out: *mut Timespec) -> i32;
    }
    const PROCESS_CPUTIME: i32 = 2;
    let mut now = Timespec { seconds: 0, nanoseconds: 0 };
    // SAFETY: Linux with 64 bits has this structure, and writes no more than it.
    assert_eq!(unsafe { clock_gettime(PROCESS_CPUTIME, &mut now) }, 0);
    now.seconds as f64 * 1e3 + now.nanoseconds as f64 / 1e6
}

fn from_hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).expect("hexadecimal"))
        .collect()
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The parts of a book file (doc/tickets.md).
struct Book {
    key: Vec<u8>,
    user: Vec<u8>,
    wallet: Vec<u8>,
    dates: Vec<Vec<u8>>,
    coins: Vec<Vec<u8>>,
}

fn read_book(path: &str) -> Book {
    let bytes = std::fs::read(path).expect("a book");
    let mut at = 17;
    let mut take = |len: usize| {
        at += len;
        bytes[at - len..at].to_vec()
    };
    let key_len = u32::from_be_bytes(bytes[13..17].try_into().unwrap()) as usize;
    Book {
        key: take(key_len),
        user: take(32),
        wallet: take(133),
        dates: (0..7).map(|_| take(96)).collect(),
        coins: (0..50).map(|_| take(96)).collect(),
    }
}

macro_rules! library {
    ($name:ident, $library:ident) => {
        mod $name {
            use super::*;
            use $library::scheme::keygen::{SecretKeyUser, VerificationKeyAuth};
            use $library::scheme::{Payment, Wallet};
            use $library::{ecash_parameters, PayInfo};
            use $library::Signature;

            fn signatures(list: &[Vec<u8>]) -> Vec<Signature> {
                list.iter()
                    .map(|bytes| Signature::try_from(&bytes[..]).expect("a signature"))
                    .collect()
            }

            pub fn spend(book: &Book, coin: u64, day: u32, pay_info: [u8; 72]) -> Vec<u8> {
                let mut wallet = book.wallet.clone();
                wallet.extend_from_slice(&coin.to_be_bytes());
                let mut wallet = Wallet::from_bytes(&wallet).expect("a wallet");
                wallet
                    .spend(
                        ecash_parameters(),
                        &VerificationKeyAuth::from_bytes(&book.key).expect("a key"),
                        &SecretKeyUser::from_bytes(&book.user).expect("a user"),
                        &PayInfo { pay_info_bytes: pay_info },
                        1,
                        &signatures(&book.dates),
                        &signatures(&book.coins),
                        day.into(),
                    )
                    .expect("a payment")
                    .to_bytes()
            }

            pub fn verify(key: &[u8], day: u32, pay_info: [u8; 72], payment: &[u8]) -> bool {
                let key = VerificationKeyAuth::from_bytes(key).expect("a key");
                let Ok(payment) = Payment::try_from(payment) else {
                    return false;
                };
                payment
                    .spend_verify(&key, &PayInfo { pay_info_bytes: pay_info }, day.into())
                    .is_ok()
            }
        }
    };
}

library!(old, unbound);
library!(new, bound);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let text = |i: usize| arguments[i].as_str();
    let number = |i: usize| text(i).parse::<u32>().expect("a number");
    let pay_info = |i: usize| -> [u8; 72] { from_hex(text(i)).try_into().expect("72 bytes") };
    match (text(0), text(1)) {
        ("spend", kind) => {
            let book = read_book(text(2));
            let (coin, day, info) = (number(3).into(), number(4), pay_info(5));
            let payment = match kind {
                "bound" => new::spend(&book, coin, day, info),
                _ => old::spend(&book, coin, day, info),
            };
            println!("{}", to_hex(&payment));
        }
        (_, kind) => {
            let (key, payment) = (from_hex(text(2)), from_hex(text(5)));
            let (day, info) = (number(3), pay_info(4));
            let check = || match kind {
                "bound" => new::verify(&key, day, info, &payment),
                _ => old::verify(&key, day, info, &payment),
            };
            println!("{}", if check() { "valid" } else { "refused" });
            if let Some(count) = arguments.get(6).and_then(|text| text.parse::<u32>().ok()) {
                let start = cpu_ms();
                for _ in 0..count {
                    check();
                }
                println!("{:.3}", (cpu_ms() - start) / f64::from(count));
            }
        }
    }
}
