#include <linux/kcmp.h>
#include <sys/xattr.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <malloc.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Swift imports neither variadic functions such as syscall(2), nor what glibc declares only with
   _GNU_SOURCE. These functions add nothing to the calls. */

static inline long read_directory(int descriptor, void *buffer, size_t size) {
  return syscall(SYS_getdents64, descriptor, buffer, size);
}

static inline long compare_files(pid_t one, pid_t other) {
  return syscall(SYS_kcmp, one, other, KCMP_FILES, 0, 0);
}

static inline long enter_network_namespace(int descriptor) {
  return syscall(SYS_setns, descriptor, CLONE_NEWNET);
}

/* The type of a namespace, as its CLONE_NEW flag; -1 with ENOTTY before Linux 4.11. */
static inline int namespace_type(int descriptor) { return ioctl(descriptor, NS_GET_NSTYPE); }

static const int network_namespace_type = CLONE_NEWNET;

static inline int open_process(pid_t pid) {
  return (int)syscall(SYS_pidfd_open, pid, 0);
}

static inline int duplicate_descriptor(int process, int descriptor) {
  return (int)syscall(SYS_pidfd_getfd, process, descriptor, 0);
}

static inline long adopt_orphans(unsigned long enabled) {
  return syscall(SYS_prctl, PR_SET_CHILD_SUBREAPER, enabled, 0, 0, 0);
}
