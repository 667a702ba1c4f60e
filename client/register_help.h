/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEWES_CLIENT_REGISTER_HELP_H
#define LEWES_CLIENT_REGISTER_HELP_H

/* What `lewes register --help` says. */
extern const char register_help[];

#endif
