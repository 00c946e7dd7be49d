/* Sends every message to all clients. */
#include "check.h"

#include "from-uwebsockets.inc"
