/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fixed names of what the gateway logs (gateway.md G16.1), sorted by the part of the gateway.
 * LOG_EVENT(identifier, "name in the log")
 */
LOG_EVENT(START, "start")
LOG_EVENT(STARTED, "started")
LOG_EVENT(STOPPING, "stopping")
LOG_EVENT(STOPPED, "stopped")
LOG_EVENT(RELOAD, "reload")
LOG_EVENT(CONFIG, "config")
LOG_EVENT(LIMIT, "limit")
LOG_EVENT(KEY_FILE, "key_file")

LOG_EVENT(LISTEN, "listen")
LOG_EVENT(ACCEPT, "accept")
LOG_EVENT(BUSY, "busy")
LOG_EVENT(CONNECTION, "connection")
LOG_EVENT(HELLO, "hello")
LOG_EVENT(HANDSHAKE, "handshake")
LOG_EVENT(PACKET, "packet")
LOG_EVENT(SESSION, "session")

LOG_EVENT(DIRECTORY, "directory")
LOG_EVENT(FORWARD, "forward")

LOG_EVENT(REGISTRATION, "registration")
LOG_EVENT(MIXNET, "mixnet")
LOG_EVENT(MOCK, "mock")
LOG_EVENT(POOL, "pool")
LOG_EVENT(LEASE, "lease")

LOG_EVENT(STORE, "store")
LOG_EVENT(DEVICE, "device")
LOG_EVENT(REPAIR, "repair")
