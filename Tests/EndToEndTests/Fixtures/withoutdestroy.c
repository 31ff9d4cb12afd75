// Simulates a kernel built without CONFIG_INET_DIAG_DESTROY. It changes the address family of
// SOCK_DESTROY requests to AF_UNIX, which has no 'destroy' handler. In both cases, __sock_diag_cmd
// in net/core/sock_diag.c returns EOPNOTSUPP.
#define _GNU_SOURCE
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

ssize_t sendto(int descriptor, const void *data, size_t size, int flags, const struct sockaddr *to,
               socklen_t length) {
  const struct nlmsghdr *header = data;
  char changed[256];
  if (size > sizeof *header && size <= sizeof changed && header->nlmsg_type == SOCK_DESTROY) {
    memcpy(changed, data, size);
    changed[sizeof *header] = AF_UNIX;
    data = changed;
  }
  return syscall(SYS_sendto, descriptor, data, size, flags, to, length);
}
