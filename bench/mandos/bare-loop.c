/* bare-loop - the limit: what one thread and libgnutls can do if nothing else is done.
 *
 * Speaks the server's side of the Mandos protocol and answers every machine with the same bytes from memory: no key is
 * looked up, nothing is decided, nothing is written. A server that keeps its promises can only be slower.
 *
 * build: cc -O2 -o bare-loop bare-loop.c -lgnutls
 * run:   bare-loop [-b] PORT FILE     loopback only; prints "ready"; ends on SIGTERM
 *        -b  one connection after the other (blocking); without it, all at once (epoll)
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static const char priorities[] = "SECURE128:!CTYPE-X.509:+CTYPE-RAWPK:!RSA:!VERS-ALL:+VERS-TLS1.3:%PROFILE_ULTRA";

enum { MAX_SECRET = 1 << 20, BACKLOG = 4096, MAX_EVENTS = 256 };

enum step { READ_LINE, HANDSHAKE, SEND_SECRET, SAY_BYE, DONE };

struct connection {
  int socket;
  enum step step;
  size_t sent;
  gnutls_session_t session;
};

static gnutls_priority_t priority;
static gnutls_certificate_credentials_t no_certificate;
static unsigned char secret[MAX_SECRET];
static size_t secret_size;

static void stop(const char *what) {
  perror(what);
  exit(1);
}

static struct connection *open_connection(int socket) {
  struct connection *connection = calloc(1, sizeof *connection);
  if (connection == NULL) stop("memory");
  int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  connection->socket = socket;
  if (gnutls_init(&connection->session, GNUTLS_CLIENT | GNUTLS_ENABLE_RAWPK | GNUTLS_NO_SIGNAL) < 0) stop("gnutls_init");
  gnutls_priority_set(connection->session, priority);
  gnutls_credentials_set(connection->session, GNUTLS_CRD_CERTIFICATE, no_certificate);
  gnutls_transport_set_int(connection->session, socket);
  gnutls_handshake_set_timeout(connection->session, GNUTLS_INDEFINITE_TIMEOUT);
  return connection;
}

static void close_connection(struct connection *connection) {
  gnutls_deinit(connection->session);
  close(connection->socket);
  free(connection);
}

/* Goes on to the end of the protocol line. False if more bytes are needed; a broken connection ends in DONE. */
static bool read_line(struct connection *connection) {
  char character;
  for (;;) {
    ssize_t size = recv(connection->socket, &character, 1, 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return false;
    if (size == 1 && character != '\n') continue;
    connection->step = size == 1 ? HANDSHAKE : DONE;
    return true;
  }
}

/* Takes one step. False if the socket has to be waited for. */
static bool advance(struct connection *connection) {
  long result = 0;
  switch (connection->step) {
    case READ_LINE:
      return read_line(connection);
    case HANDSHAKE:
      result = gnutls_handshake(connection->session);
      if (result == 0) connection->step = SEND_SECRET;
      break;
    case SEND_SECRET:
      result = gnutls_record_send(connection->session, secret + connection->sent, secret_size - connection->sent);
      if (result > 0) connection->sent += (size_t)result;
      if (connection->sent == secret_size) connection->step = SAY_BYE;
      break;
    case SAY_BYE:
      result = gnutls_bye(connection->session, GNUTLS_SHUT_WR);
      if (result == 0) connection->step = DONE;
      break;
    case DONE:
      return true;
  }
  if (result == GNUTLS_E_AGAIN) return false;
  if (result < 0 && gnutls_error_is_fatal((int)result)) connection->step = DONE;
  return true;
}

static int listen_on(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int on = 1;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0) stop("socket");
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0) stop("bind");
  if (listen(listener, BACKLOG) < 0) stop("listen");
  return listener;
}

static void serve_one_by_one(int listener) {
  for (;;) {
    int socket = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (socket < 0) continue;
    struct connection *connection = open_connection(socket);
    while (connection->step != DONE) advance(connection);
    close_connection(connection);
  }
}

static void serve_all_at_once(int listener) {
  int events = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  struct epoll_event ready[MAX_EVENTS];
  if (events < 0 || epoll_ctl(events, EPOLL_CTL_ADD, listener, &event) < 0) stop("epoll");
  for (;;) {
    int count = epoll_wait(events, ready, MAX_EVENTS, -1);
    for (int i = 0; i < count; i++) {
      struct connection *connection = ready[i].data.ptr;
      if (connection == NULL) {
        int socket = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (socket < 0) continue;
        connection = open_connection(socket);
        event = (struct epoll_event){.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = connection};
        if (epoll_ctl(events, EPOLL_CTL_ADD, socket, &event) < 0) stop("epoll");
      }
      while (connection->step != DONE && advance(connection)) continue;
      if (connection->step == DONE) close_connection(connection);
    }
  }
}

int main(int argc, char **argv) {
  bool is_blocking = argc > 1 && strcmp(argv[1], "-b") == 0;
  if (argc != (is_blocking ? 4 : 3)) {
    fprintf(stderr, "usage: bare-loop [-b] PORT FILE\n");
    return 2;
  }
  FILE *file = fopen(argv[argc - 1], "rb");
  if (file == NULL) stop(argv[argc - 1]);
  secret_size = fread(secret, 1, sizeof secret, file);
  fclose(file);
  signal(SIGPIPE, SIG_IGN);
  if (gnutls_priority_init(&priority, priorities, NULL) < 0) stop("priorities");
  if (gnutls_certificate_allocate_credentials(&no_certificate) < 0) stop("credentials");
  int listener = listen_on(atoi(argv[argc - 2]));
  puts("ready");
  fflush(stdout);
  if (is_blocking) serve_one_by_one(listener);
  serve_all_at_once(listener);
}
