// Creates loopback connections and holds them until EOF on standard input.
//
//   load SOCKETS PROCESSES HALF_CLOSED
//
// PROCESSES processes hold SOCKETS sockets in total. Each process holds both ends of its
// connections. Process number P listens on 127.1.0.P, port 8000 + P, so the local port identifies
// its server ends. HALF_CLOSED percent of the connections have a client end that is shut down, so
// their server end is in CLOSE_WAIT. Prints the number of sockets once all exist.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int tcp_socket(void) {
  int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  if (descriptor < 0) err(1, "socket");
  return descriptor;
}

static void open_connections(int process, int count, int half_closed) {
  struct sockaddr_in address = {
      .sin_family = AF_INET,
      .sin_port = htons(8000 + process),
      .sin_addr.s_addr = htonl(0x7f010000 + process),
  };
  int listener = tcp_socket();
  if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0) err(1, "bind");
  if (listen(listener, 16) < 0) err(1, "listen");
  for (int number = 0; number < count; number++) {
    int client = tcp_socket();
    if (connect(client, (struct sockaddr *)&address, sizeof address) < 0) err(1, "connect");
    if (accept(listener, NULL, NULL) < 0) err(1, "accept");
    if (number % 100 < half_closed) shutdown(client, SHUT_WR);
  }
  close(listener);
}

int main(int argc, char **argv) {
  if (argc != 4) errx(64, "usage: load SOCKETS PROCESSES HALF_CLOSED");
  int processes = atoi(argv[2]), half_closed = atoi(argv[3]);
  int connections = atoi(argv[1]) / 2 / processes;
  int done[2];
  if (pipe(done) < 0) err(1, "pipe");
  for (int process = 0; process < processes; process++) {
    pid_t child = fork();
    if (child < 0) err(1, "fork");
    if (child > 0) continue;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(done[0]);
    open_connections(process, connections, half_closed);
    if (write(done[1], "", 1) != 1) err(1, "write");
    for (;;) pause();
  }
  close(done[1]);
  for (int process = 0; process < processes; process++) {
    char byte;
    if (read(done[0], &byte, 1) != 1) errx(1, "a process could not open its connections");
  }
  printf("%d\n", 2 * connections * processes);
  fflush(stdout);
  while (getchar() != EOF) continue;
  return 0;
}
