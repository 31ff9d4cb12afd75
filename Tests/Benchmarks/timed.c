// Runs a command with its output in a file, and prints "EXIT SECONDS CPU KILOBYTES".
//
//   timed SECONDS OUTPUT COMMAND [ARGUMENT…]
//
// EXIT is "timeout" if the command was killed after SECONDS. This program is in C because the
// kernel's peak memory of a child includes the memory of its parent at the time of the fork.
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t child;
static volatile sig_atomic_t is_timed_out;

static void stop(int signal) {
  (void)signal;
  is_timed_out = 1;
  kill(child, SIGKILL);
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + now.tv_nsec / 1e9;
}

static double in_seconds(struct timeval time) { return time.tv_sec + time.tv_usec / 1e6; }

int main(int argc, char **argv) {
  if (argc < 4) errx(64, "usage: timed SECONDS OUTPUT COMMAND [ARGUMENT...]");
  int output = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (output < 0) err(1, "%s", argv[2]);
  double start = seconds();
  child = fork();
  if (child < 0) err(1, "fork");
  if (child == 0) {
    int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(output, 1);
    dup2(null, 2);
    execvp(argv[3], argv + 3);
    _exit(127);
  }
  signal(SIGALRM, stop);
  alarm(atoi(argv[1]));
  int status;
  struct rusage usage;
  while (wait4(child, &status, 0, &usage) < 0) continue;
  double taken = seconds() - start;
  if (is_timed_out)
    printf("timeout");
  else
    printf("%d", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  double cpu = in_seconds(usage.ru_utime) + in_seconds(usage.ru_stime);
  printf(" %.6f %.6f %ld\n", taken, cpu, usage.ru_maxrss);
  return 0;
}
