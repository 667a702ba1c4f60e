/* SPDX-License-Identifier: Apache-2.0 */
/* Everything of liblewes; <lewes/client.h> belongs to liblewes-client. */
#ifndef LEWES_LEWES_H
#define LEWES_LEWES_H

#include <lewes/base.h>
#include <lewes/kem.h>
#include <lewes/keys.h>
#include <lewes/mint.h>
#include <lewes/registration.h>
#include <lewes/session.h>
#include <lewes/ticket.h>
#include <lewes/version.h>

#endif
