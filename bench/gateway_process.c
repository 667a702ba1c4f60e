/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/gateway_process.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/measure.h"

#define OPEN_DIRECTORIES 8
#define START_TRIES 500 /* of 10 ms */

_Noreturn static void fail(const char *what)
{
    fprintf(stderr, "%s failed\n", what);
    exit(1);
}

static void path_of(const struct gateway_process *gateway, char out[GATEWAY_PATH_CAP],
                    const char *name)
{
    check(snprintf(out, GATEWAY_PATH_CAP, "%s/%s", gateway->directory, name) < GATEWAY_PATH_CAP,
          "a path");
}

static FILE *create(const struct gateway_process *gateway, const char *name)
{
    char path[GATEWAY_PATH_CAP];
    path_of(gateway, path, name);
    FILE *file = fopen(path, "we");
    if (!file)
        fail("creating a file");
    return file;
}

static void write_directory(const struct gateway_process *gateway,
                            const struct gateway_process *exit)
{
    char identity[LEWES_BASE58_CAP];
    FILE *file = create(gateway, "directory.json");
    lewes_base58_encode(identity, exit->description.identity.bytes);
    fprintf(file,
            "{\"nodes\":[{\"identity\":\"%s\",\"addresses\":[\"%s\"],\"control_port\":%u}]}\n",
            identity, exit->address, (unsigned)exit->port);
    check(fclose(file) == 0, "writing the directory");
}

static void write_settings(const struct gateway_process *gateway,
                           const struct gateway_process *exit, const char *registration)
{
    const char *d = gateway->directory;
    FILE *file = create(gateway, "lewesd.conf");
    fprintf(file,
            "[gateway]\nidentity_file = %s/identity.key\nkem_file = %s/kem.key\n"
            "[listen]\ncontrol = %s:%u\n"
            "[registration]\nverify_queue = 4096\n%s"
            "[wireguard]\nbackend = memory\nprivate_key_file = %s/wg.key\n"
            "address4 = 10.64.0.1/16\naddress6 = fc64::1/112\n"
            "[storage]\nurl = sqlite:%s/lewes.db\n[log]\nlevel = error\n"
            "[limits]\naccept_rate = 1000000/s\naccept_burst = 1000000\n"
            "verify_rate = 1000000/s\nverify_burst = 1000000\nconnections_per_source = 10000\n"
            "half_open_per_source = 10000\n",
            d, d, gateway->address, (unsigned)gateway->port, registration, d, d);
    if (exit)
        fprintf(file, "[forward]\ndirectory = %s/directory.json\nallow_private = yes\n", d);
    check(fclose(file) == 0, "writing the settings");
}

static void describe(struct gateway_process *gateway)
{
    static char text[LEWES_DESCRIPTION_MAX];
    char config[GATEWAY_PATH_CAP], command[2 * GATEWAY_PATH_CAP + 64];
    char identity[LEWES_BASE58_CAP] = "";
    struct lewes_ed25519_public key;
    path_of(gateway, config, "lewesd.conf");
    snprintf(command, sizeof command, "%s --config %s --identity", gateway->lewesd, config);
    FILE *pipe = popen(command, "re"); /* NOLINT(cert-env33-c): our own program */
    if (!pipe)
        fail("lewesd --identity");
    check(fscanf(pipe, "%44s", identity) == 1 && pclose(pipe) == 0, "lewesd --identity");
    check(lewes_base58_decode(key.bytes, identity, strlen(identity)) == LEWES_OK, "the identity");
    snprintf(command, sizeof command, "%s --config %s --describe", gateway->lewesd, config);
    pipe = popen(command, "re"); /* NOLINT(cert-env33-c): our own program */
    if (!pipe)
        fail("lewesd --describe");
    size_t len = fread(text, 1, sizeof text, pipe);
    check(pclose(pipe) == 0, "lewesd --describe");
    check(lewes_description_read(&gateway->description, text, len, &key) == LEWES_DESCRIPTION_OK,
          "the description");
}

static bool listens(const struct gateway_process *gateway)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(gateway->port)};
    check(inet_pton(AF_INET, gateway->address, &address.sin_addr) == 1, "the address");
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        fail("a socket");
    bool good = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return good;
}

void process_start(struct gateway_process *gateway, const char *lewesd, unsigned number,
                   const struct gateway_process *exit, const char *registration)
{
    char config[GATEWAY_PATH_CAP];
    const struct timespec pause = {.tv_nsec = 10000000};
    *gateway = (struct gateway_process){.lewesd = lewesd, .port = (uint16_t)(41300 + number)};
    /* Benchmarks that run side by side have addresses of their own. */
    const unsigned own = (unsigned)getpid();
    snprintf(gateway->address, sizeof gateway->address, "127.%u.%u.%u", own >> 8 & 255, own & 255,
             number);
    snprintf(gateway->directory, sizeof gateway->directory, "/tmp/lewes-bench-XXXXXX");
    check(mkdtemp(gateway->directory) != NULL, "a directory");
    if (exit)
        write_directory(gateway, exit);
    write_settings(gateway, exit, registration);
    describe(gateway);
    path_of(gateway, config, "lewesd.conf");
    gateway->pid = fork();
    check(gateway->pid >= 0, "fork");
    if (gateway->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM); /* should the benchmark fail */
        execl(lewesd, lewesd, "--config", config, (char *)NULL);
        _exit(127);
    }
    for (int tries = 0; !listens(gateway); tries++) {
        check(tries < START_TRIES, "starting lewesd");
        nanosleep(&pause, NULL);
    }
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status, (void)kind, (void)walk;
    return remove(path);
}

void process_end(struct gateway_process *gateway)
{
    int status = 0;
    kill(gateway->pid, SIGTERM);
    waitpid(gateway->pid, &status, 0);
    check(WIFEXITED(status) && WEXITSTATUS(status) == 0, "ending lewesd");
    nftw(gateway->directory, remove_one, OPEN_DIRECTORIES, FTW_DEPTH | FTW_PHYS);
}

/* ---- what it uses ---- */

static double thread_cpu_us(const struct gateway_process *gateway, const char *thread)
{
    char path[2 * GATEWAY_PATH_CAP], line[128];
    snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", (int)gateway->pid, thread);
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;                                       /* it has just ended */
    bool good = fgets(line, sizeof line, file) != NULL; /* nanoseconds come first */
    fclose(file);
    return good ? (double)strtoull(line, NULL, 10) / 1e3 : 0;
}

static double
sum_of_threads(const struct gateway_process *gateway,
               double (*of_thread)(const struct gateway_process *gateway, const char *thread))
{
    char path[GATEWAY_PATH_CAP];
    double sum = 0;
    snprintf(path, sizeof path, "/proc/%d/task", (int)gateway->pid);
    DIR *threads = opendir(path);
    if (!threads)
        fail("the threads");
    for (struct dirent *entry = readdir(threads); entry; entry = readdir(threads))
        if (entry->d_name[0] != '.')
            sum += of_thread(gateway, entry->d_name);
    closedir(threads);
    return sum;
}

double process_cpu_us(const struct gateway_process *gateway)
{
    return sum_of_threads(gateway, thread_cpu_us);
}

double process_loop_us(const struct gateway_process *gateway)
{
    char thread[16];
    snprintf(thread, sizeof thread, "%d", (int)gateway->pid);
    return thread_cpu_us(gateway, thread);
}

/* The number behind `name` in a file of /proc; 0 if the file has gone. */
static long status_number(const char *path, const char *name)
{
    char line[256];
    long number = 0;
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    while (fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0)
            number = strtol(line + strlen(name), NULL, 10);
    fclose(file);
    return number;
}

static double thread_waits(const struct gateway_process *gateway, const char *thread)
{
    char path[2 * GATEWAY_PATH_CAP];
    snprintf(path, sizeof path, "/proc/%d/task/%s/status", (int)gateway->pid, thread);
    return (double)status_number(path, "voluntary_ctxt_switches:");
}

double process_waits(const struct gateway_process *gateway)
{
    return sum_of_threads(gateway, thread_waits);
}

long process_memory_kb(const struct gateway_process *gateway)
{
    char path[GATEWAY_PATH_CAP];
    snprintf(path, sizeof path, "/proc/%d/status", (int)gateway->pid);
    return status_number(path, "VmRSS:");
}
