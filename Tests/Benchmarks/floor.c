// Measures the lower bound: the time that the kernel alone needs for the work. Prints a count and
// the seconds that the work took.
//
//   floor dump EXTENSIONS STATES     dump the sockets of both families (idiag_ext, idiag_states)
//   floor walk THREADS               read every link in every /proc/PID/fd
//   floor destroy COUNT FIRST LAST   destroy COUNT sockets with local ports from FIRST to LAST,
//                                    one acknowledged request each; only the requests are timed
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + now.tv_nsec / 1e9;
}

static void request(int netlink, int type, int flags, struct inet_diag_req_v2 body) {
  struct {
    struct nlmsghdr header;
    struct inet_diag_req_v2 body;
  } message = {
      .header = {.nlmsg_len = sizeof message, .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | flags},
      .body = body,
  };
  if (send(netlink, &message, sizeof message, 0) < 0) err(1, "send");
}

// Sockets to destroy: the first in a dump with a local port in the range.
static struct inet_diag_sockid *chosen;
static long chosen_count, wanted_count;
static int first_port, last_port;

static void choose(const struct inet_diag_msg *row) {
  int port = ntohs(row->id.idiag_sport);
  if (chosen_count < wanted_count && port >= first_port && port <= last_port)
    chosen[chosen_count++] = row->id;
}

static long dump(int netlink, int family, int extensions, unsigned states,
                 void (*visit)(const struct inet_diag_msg *)) {
  static char datagram[32 << 10];
  long count = 0;
  request(netlink, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP,
      (struct inet_diag_req_v2){.sdiag_family = family,
                                .sdiag_protocol = IPPROTO_TCP,
                                .idiag_ext = extensions,
                                .idiag_states = states});
  for (;;) {
    int left = recv(netlink, datagram, sizeof datagram, 0);
    if (left <= 0) err(1, "recv");
    for (struct nlmsghdr *message = (struct nlmsghdr *)datagram; NLMSG_OK(message, left);
         message = NLMSG_NEXT(message, left)) {
      if (message->nlmsg_type == NLMSG_DONE) return count;
      if (message->nlmsg_type == NLMSG_ERROR) errx(1, "the kernel refused the dump");
      count++;
      if (visit) visit(NLMSG_DATA(message));
    }
  }
}

static long destroy(int netlink) {
  long count = 0;
  for (long next = 0; next < chosen_count; next++) {
    char answer[1024];
    request(netlink, SOCK_DESTROY, NLM_F_ACK,
        (struct inet_diag_req_v2){
            .sdiag_family = AF_INET, .sdiag_protocol = IPPROTO_TCP, .id = chosen[next]});
    if (recv(netlink, answer, sizeof answer, 0) <= 0) err(1, "recv");
    struct nlmsgerr *result = NLMSG_DATA((struct nlmsghdr *)answer);
    count += result->error == 0;
  }
  return count;
}

static char (*processes)[256];
static int process_count;
static atomic_int next_process;
static atomic_long link_count;

static void *walk(void *unused) {
  long count = 0;
  int mine;
  while ((mine = next_process++) < process_count) {
    char path[300], target[64];
    snprintf(path, sizeof path, "/proc/%s/fd", processes[mine]);
    DIR *directory = opendir(path);
    if (!directory) continue;
    struct dirent *entry;
    while ((entry = readdir(directory)))
      count += readlinkat(dirfd(directory), entry->d_name, target, sizeof target) > 0;
    closedir(directory);
  }
  link_count += count;
  return unused;
}

static void find_processes(void) {
  DIR *proc = opendir("/proc");
  struct dirent *entry;
  if (!proc) err(1, "/proc");
  while ((entry = readdir(proc))) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
    processes = realloc(processes, (process_count + 1) * sizeof *processes);
    strcpy(processes[process_count++], entry->d_name);
  }
  closedir(proc);
}

int main(int argc, char **argv) {
  const char *work = argc > 2 ? argv[1] : "";
  int netlink = socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG);
  if (netlink < 0) err(1, "socket");
  double start = seconds();
  long count = 0;
  if (strcmp(work, "dump") == 0 && argc == 4) {
    int extensions = atoi(argv[2]);
    unsigned states = strtoul(argv[3], NULL, 0);
    count = dump(netlink, AF_INET, extensions, states, NULL);
    count += dump(netlink, AF_INET6, extensions, states, NULL);
  } else if (strcmp(work, "walk") == 0 && argc == 3) {
    pthread_t threads[64];
    int thread_count = atoi(argv[2]);
    if (thread_count < 1 || thread_count > 64) errx(64, "1 to 64 threads");
    find_processes();
    for (int i = 0; i < thread_count; i++) pthread_create(&threads[i], NULL, walk, NULL);
    for (int i = 0; i < thread_count; i++) pthread_join(threads[i], NULL);
    count = link_count;
  } else if (strcmp(work, "destroy") == 0 && argc == 5) {
    wanted_count = atol(argv[2]);
    first_port = atoi(argv[3]);
    last_port = atoi(argv[4]);
    chosen = calloc(wanted_count, sizeof *chosen);
    dump(netlink, AF_INET, 0, 1 << 1 | 1 << 8, choose);
    start = seconds();
    count = destroy(netlink);
  } else {
    errx(64, "usage: floor dump EXTENSIONS STATES | walk THREADS | destroy COUNT FIRST LAST");
  }
  printf("%ld %.6f\n", count, seconds() - start);
  return 0;
}
