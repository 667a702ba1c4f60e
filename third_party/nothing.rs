// Cargo wants a target; there is no Rust in Lewes.
