/* Leaks connections: accepts COUNT connections on PORT, whose clients close, and never closes them.
   Runs until it is killed. Usage: leak PORT COUNT */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  struct sockaddr_in address = {
      .sin_family = AF_INET,
      .sin_port = htons(atoi(argv[1])),
      .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
  };
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  /* The loopback device may come up a little later. */
  for (int attempt = 0; bind(listener, (struct sockaddr *)&address, sizeof address); attempt++) {
    if (attempt == 100) return perror("leak: bind"), 1;
    usleep(50000);
  }
  if (listen(listener, 64)) return perror("leak: listen"), 1;
  for (int count = atoi(argv[2]); count > 0; count--) {
    int client = socket(AF_INET, SOCK_STREAM, 0);
    for (int attempt = 0; connect(client, (struct sockaddr *)&address, sizeof address); attempt++) {
      if (attempt == 100) return perror("leak: connect"), 1;
      usleep(50000);
    }
    if (accept(listener, NULL, NULL) < 0) return perror("leak: accept"), 1;
    close(client);
  }
  puts("leaking");
  fflush(stdout);
  for (;;) pause();
}
