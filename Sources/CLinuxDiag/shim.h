#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/inet_diag.h>
