/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/ecash/wallet.h"

#include "lib/base/secret.h"

/* e(h, alpha + beta0*sk + beta1*v + beta2*x + beta3*type) = e(s, g2), ecash.md E15 */
bool lewesi_wallet_is_signed(const struct lewes_ecash_key *key, const struct lewes_wallet *wallet)
{
    lewesi_scalar attributes[4];
    blst_p1_affine h, s;
    blst_p2_affine affine;
    blst_p2 q = key->alpha;
    bool good = lewesi_scalar_decode(&attributes[0], wallet->user.bytes) &&
                lewesi_scalar_decode(&attributes[1], wallet->v) &&
                lewesi_g1_decode(&h, wallet->signature) &&
                lewesi_g1_decode(&s, wallet->signature + LEWESI_G1_LEN) &&
                !blst_p1_affine_is_inf(&h);

    if (good) {
        lewesi_scalar_of(&attributes[2], wallet->terms.expiration);
        lewesi_scalar_of(&attributes[3], (uint64_t)wallet->terms.type);
        for (size_t i = 0; i < 4; i++)
            lewesi_g2_mul_add(&q, &key->beta_g2[i], &attributes[i]);
        blst_p2_to_affine(&affine, &q);
        good = lewesi_pairings_equal(&h, &affine, &s, blst_p2_affine_generator());
    }
    lewesi_wipe(attributes, sizeof attributes);
    lewesi_wipe(&q, sizeof q);
    lewesi_wipe(&affine, sizeof affine);
    return good;
}
