/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEWES_VERSION_H
#define LEWES_VERSION_H

#define LEWES_VERSION "0.1.0"

#endif
