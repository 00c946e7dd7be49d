/* Sends messages back. */
#include "check.h"

#include "limits.inc"
