#include <linux/prctl.h>
#include <sys/auxv.h>
#include <sys/capability.h>
