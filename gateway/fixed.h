/* SPDX-License-Identifier: Apache-2.0 */
/* What gateway.md fixes and no setting changes; everything else is in settings.h (G1.6). */
#ifndef LEWES_GATEWAY_FIXED_H
#define LEWES_GATEWAY_FIXED_H

#define LISTEN_BACKLOG 1024       /* G2.1 */
#define ACCEPT_BATCH 64           /* G2.1 */
#define ACCEPT_PAUSE_MS 100       /* G2.6: without descriptors */
#define CROWDED_PERCENT 90        /* G2.7: of max_half_open */
#define CROWDED_HANDSHAKE_MS 5000 /* G2.7 */
#define FAREWELLS_MAX 256         /* G2.8 */
#define FAREWELL_MS 200           /* G2.8 */
#define FAREWELL_DISCARD 4096     /* G2.8: bytes */
#define SALTS_MAX 262144          /* G4.7 */
#define SALT_TOLERANCES 2         /* G4.7: remembered for so many tolerances */
#define KEY_WAITERS_MAX 32        /* G6.1 step 5 */
#define VERIFY_FAILURES_MAX 3     /* G3.5: of one connection */
#define REPAIR_FIRST_MS 1000      /* G6.6 */
#define REPAIR_LAST_MS 60000      /* G6.6 */
#define MOCK_WARNING_MS 3600000   /* G6.7 */
#define MIXNET_SWEEP_MS 60000     /* G12.3: between two looks for clients that have run out */
#define PURGE_MS 86400000         /* G10.3: between two looks for tickets to forget */
#define DATAGRAM_MIN 52           /* G11.1: bytes */
#define DATAGRAM_MAX 4096         /* G11.1: bytes */
#define DATAGRAM_RATE 1000        /* G11.4: of a session, in DATAGRAM_PERIOD_MS */
#define DATAGRAM_PERIOD_MS 1000   /* G11.4 */
#define DATAGRAM_BURST 2000       /* G11.4 */
#define STORE_JOBS_MAX 4096       /* jobs under way; more means that the disk does not keep up */
#define DEVICE_JOBS_MAX 4096
#define DESCRIPTORS_KEPT 128 /* [limits] max_connections stays so far below RLIMIT_NOFILE */

#endif
