/* SPDX-License-Identifier: Apache-2.0 */
#include "client/command.h"

#include <stdarg.h>
#include <stdio.h>

void complain(const char *command, const char *format, ...)
{
    va_list arguments;
    fprintf(stderr, "lewes %s: ", command);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}
