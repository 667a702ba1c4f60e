/* SPDX-License-Identifier: Apache-2.0 */
/* One request over HTTP, within limits. */
#ifndef LEWES_CLIENT_HTTP_H
#define LEWES_CLIENT_HTTP_H

#include <stddef.h>

#define HTTP_BODY_MAX (64 * 1024)
#define HTTP_FAULT_CAP 256

struct http_call {
    const char *url;
    const char *token; /* of the Authorization header; NULL: none */
    const char *body;  /* JSON to POST; NULL: GET */
    long status;       /* 0: there is no answer, and `fault` says why */
    size_t len;
    char fault[HTTP_FAULT_CAP];
    char answer[HTTP_BODY_MAX];
};

void http_run(struct http_call *call);

#endif
