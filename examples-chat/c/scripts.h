/* The scripts of ../redis, which Redis runs. */
#ifndef SCRIPTS_H
#define SCRIPTS_H

typedef enum script {
    SAY_SCRIPT,
    ENTER_SCRIPT,
    LEAVE_SCRIPT,
    SWEEP_SCRIPT,
    EXTEND_SCRIPT,
    SCRIPTS
} script;

#endif
