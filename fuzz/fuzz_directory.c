/* SPDX-License-Identifier: Apache-2.0 */
/* Directories of gateways that packets may be forwarded to (gateway.md G5.2). */
#include <string.h>

#include "fuzz/fuzz.h"
#include "gateway/directory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct lewes_ed25519_public nobody;
    static const struct lewes_endpoint nowhere;
    const struct directory_text text = {
        .path = "fuzz", .bytes = size > 0 ? (const char *)data : "", .len = size};
    struct directory *directory = NULL;
    struct directory_error error = {""};
    struct fuzz_env env;

    fuzz_env_init(&env, 1);
    if (directory_parse(&directory, &env.env, &text, &error) == 0) {
        PROMISE(directory != NULL && directory_count(directory) <= DIRECTORY_NODES_MAX);
        PROMISE(!directory_holds(directory, &nobody, &nowhere));
    } else {
        PROMISE(directory == NULL && error.text[0] != '\0');
        PROMISE(memchr(error.text, '\0', sizeof error.text) != NULL);
    }
    directory_free(directory);
    PROMISE(env.blocks == 0);
    return 0;
}
