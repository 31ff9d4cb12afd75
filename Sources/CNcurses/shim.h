// Declares the functions for wide characters.
#define NCURSES_WIDECHAR 1
#include <curses.h>

// Since ncurses 6.5 a window is an incomplete type, which Swift does not import. Nothing accesses
// its contents.
#if NCURSES_OPAQUE
struct _win_st {
  char opaque;
};
#endif

// These macros contain casts, which Swift does not import.
static const attr_t connreap_bold = A_BOLD;
static const attr_t connreap_dim = A_DIM;
static const attr_t connreap_reverse = A_REVERSE;
static const attr_t connreap_underline = A_UNDERLINE;
static const mmask_t connreap_press = BUTTON1_PRESSED;
static const mmask_t connreap_wheel_up = BUTTON4_PRESSED;
static const mmask_t connreap_wheel_down = BUTTON5_PRESSED;
