/* SPDX-License-Identifier: Apache-2.0 */
#include "client/http.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include <lewes/keys.h>

#define CONNECT_SECONDS 10L
#define WHOLE_SECONDS 30L

/* What does not fit ends the transfer. */
static size_t take(char *data, size_t size, size_t count, void *user)
{
    struct http_call *const call = user;
    const size_t len = size * count;
    if (len > sizeof call->answer - call->len)
        return 0;
    memcpy(call->answer + call->len, data, len);
    call->len += len;
    return len;
}

static void run(CURL *curl, struct http_call *call, struct curl_slist *headers)
{
    char fault[CURL_ERROR_SIZE] = "";
    curl_easy_setopt(curl, CURLOPT_URL, call->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    if (strncmp(call->url, "http://", 7) == 0) /* this machine; a proxy would see the token */
        curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, WHOLE_SECONDS);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, call);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, fault);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    if (call->body)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call->body);
    const CURLcode code = curl_easy_perform(curl);
    if (code == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &call->status);
    else
        snprintf(call->fault, sizeof call->fault, "%s",
                 fault[0] ? fault : curl_easy_strerror(code));
}

static void free_headers(struct curl_slist *headers)
{
    for (struct curl_slist *header = headers; header; header = header->next)
        lewes_wipe(header->data, strlen(header->data)); /* one is the token */
    curl_slist_free_all(headers);
}

void http_run(struct http_call *call)
{
    char authorization[320];
    struct curl_slist *headers = NULL, *more = NULL;
    CURL *const curl = curl_easy_init();
    call->status = 0;
    call->len = 0;
    snprintf(call->fault, sizeof call->fault, "no memory");
    if (!curl)
        return;
    headers = curl_slist_append(NULL, "Content-Type: application/json");
    if (headers && call->token) {
        snprintf(authorization, sizeof authorization, "Authorization: Bearer %s", call->token);
        more = curl_slist_append(headers, authorization);
        lewes_wipe(authorization, sizeof authorization);
    }
    if (headers && (more || !call->token))
        run(curl, call, headers);
    curl_easy_cleanup(curl);
    free_headers(headers);
}
