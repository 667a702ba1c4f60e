/* SPDX-License-Identifier: Apache-2.0 */
/* A lewesd of its own for a benchmark: the memory device, a database in a directory that is removed
 * at the end. Failures end the program. */
#ifndef BENCH_GATEWAY_PROCESS_H
#define BENCH_GATEWAY_PROCESS_H

#include <sys/types.h>

#include <lewes/description.h>

#define GATEWAY_PATH_CAP 256

struct gateway_process {
    const char *lewesd;
    char directory[64];
    char address[16];
    uint16_t port;
    pid_t pid;
    struct lewes_description description;
};

#define GATEWAY_MOCK "verifier = mock\n[security]\nallow_mock = yes\n"

/* Starts a gateway on 127.x.x.`number`; `exit` may be NULL, else it forwards to that one.
 * `registration` are lines of that section of its configuration: GATEWAY_MOCK, or others, other
 * sections behind them. Returns when it listens. */
void process_start(struct gateway_process *gateway, const char *lewesd, unsigned number,
                   const struct gateway_process *exit, const char *registration);
void process_end(struct gateway_process *gateway);

/* Processor time of all its threads so far, microseconds, and resident memory, kilobytes. */
double process_cpu_us(const struct gateway_process *gateway);
/* Of that, the thread of the loop. */
double process_loop_us(const struct gateway_process *gateway);
/* How often its threads have waited so far: for each other, the network, the disk. */
double process_waits(const struct gateway_process *gateway);
long process_memory_kb(const struct gateway_process *gateway);

#endif
