/* SPDX-License-Identifier: Apache-2.0 */
/* The clocks of the machine; lewes_env_system() of client.h stands in the same file. */
#ifndef LEWES_CLIENT_SYSTEM_H
#define LEWES_CLIENT_SYSTEM_H

#include <lewes/client.h>

lewes_time system_now(void);   /* monotonic milliseconds */
uint64_t system_unix_ms(void); /* Unix time in milliseconds */

#endif
