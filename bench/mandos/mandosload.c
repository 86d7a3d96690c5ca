/* mandosload - many machines that fetch their secret at once, and how long each had to wait.
 *
 * Speaks the machine's side of the Mandos protocol: connects, says "1", is the TLS server with a raw public key, reads
 * until close_notify. Every fetch is a fresh connection and a full handshake. Talks to the loopback interface only, and
 * stops by itself: -n bounds the fetches, -T the seconds.
 *
 * build: cc -O2 -pthread -o mandosload mandosload.c -lgnutls
 * run:   mandosload -p PORT -k KEYS [-n FETCHES] [-c AT_ONCE] [-e FILE | -z] [-t SECONDS] [-T SECONDS] [-s]
 *        KEYS: the machines' Ed25519 keys, 64 bytes each: 32 secret, 32 public; used in turn
 *        -e: every secret must equal FILE      -z: every answer must be empty (a refusal)
 *        -t: patience for one fetch            -s: all start at the same moment, one fetch each
 * Prints one line of JSON; ends with 0 only if every fetch went as it should.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char priorities[] = "SECURE128:!CTYPE-X.509:+CTYPE-RAWPK:!RSA:!VERS-ALL:+VERS-TLS1.3:%PROFILE_ULTRA";

enum { KEY_SIZE = 64, MAX_SECRET = 1 << 20, MAX_FETCHES = 1000000, MAX_AT_ONCE = 4096, MAX_SECONDS = 600 };

/* How a fetch ended. */
enum outcome { AS_IT_SHOULD, NOT_CONNECTED, NO_HANDSHAKE, CUT_OFF, EMPTY, WRONG_SECRET, OUTCOMES };
static const char *const outcome_names[OUTCOMES] = {"ok", "notConnected", "noHandshake", "cutOff", "empty", "wrongSecret"};

static struct sockaddr_in server = {.sin_family = AF_INET};
static gnutls_priority_t priority;
static gnutls_certificate_credentials_t *machines;
static long machine_count;
static unsigned char expected[MAX_SECRET];
static size_t expected_size;
static bool is_checked, is_empty_expected, is_salvo;
static long fetches = 1000, at_once = 16, patience_s = 30, wall_s = 120;

static atomic_long next_fetch, finished, outcomes[OUTCOMES];
static double *latencies, started_s;
static pthread_barrier_t start_line;

static void stop(const char *what) {
  fprintf(stderr, "mandosload: %s\n", what);
  exit(2);
}

static double now_s(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Reads to close_notify and compares on the way, so that the whole secret need not be kept. */
static enum outcome receive_secret(gnutls_session_t session) {
  unsigned char part[16384];
  size_t received = 0;
  bool is_equal = true;
  for (;;) {
    ssize_t size = gnutls_record_recv(session, part, sizeof part);
    if (size == GNUTLS_E_AGAIN || size == GNUTLS_E_INTERRUPTED) continue;
    if (size < 0) return CUT_OFF;
    if (size == 0) break;
    if (is_checked) {
      size_t left = expected_size - received;
      is_equal = is_equal && (size_t)size <= left && memcmp(part, expected + received, (size_t)size) == 0;
    }
    received += is_equal ? (size_t)size : 0;
  }
  if (is_empty_expected) return received == 0 && is_equal ? AS_IT_SHOULD : WRONG_SECRET;
  if (received == 0 && is_equal) return EMPTY;
  return is_equal && (!is_checked || received == expected_size) ? AS_IT_SHOULD : WRONG_SECRET;
}

static enum outcome converse(int socket, gnutls_certificate_credentials_t machine) {
  gnutls_session_t session;
  if (gnutls_init(&session, GNUTLS_SERVER | GNUTLS_NO_TICKETS | GNUTLS_ENABLE_RAWPK | GNUTLS_NO_SIGNAL) < 0) stop("memory");
  gnutls_priority_set(session, priority);
  gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, machine);
  gnutls_certificate_server_set_request(session, GNUTLS_CERT_IGNORE);
  gnutls_transport_set_int(session, socket);
  gnutls_handshake_set_timeout(session, (unsigned)patience_s * 1000);
  gnutls_record_set_timeout(session, (unsigned)patience_s * 1000);
  int result;
  do result = gnutls_handshake(session);
  while (result < 0 && !gnutls_error_is_fatal(result));
  enum outcome outcome = result < 0 ? NO_HANDSHAKE : receive_secret(session);
  if (outcome != NO_HANDSHAKE) gnutls_bye(session, GNUTLS_SHUT_WR);
  gnutls_deinit(session);
  return outcome;
}

static enum outcome fetch(gnutls_certificate_credentials_t machine) {
  enum outcome outcome = NOT_CONNECTED;
  struct timeval patience = {.tv_sec = patience_s};
  int on = 1;
  int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connection < 0) return outcome;
  setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (connect(connection, (struct sockaddr *)&server, sizeof server) == 0 &&
      send(connection, "1\r\n", 3, MSG_NOSIGNAL) == 3) {
    outcome = converse(connection, machine);
  }
  close(connection);
  return outcome;
}

static void *work(void *unused) {
  (void)unused;
  pthread_barrier_wait(&start_line);
  for (;;) {
    long number = atomic_fetch_add(&next_fetch, 1);
    double begun_s = now_s();
    if (number >= fetches || begun_s - started_s > (double)wall_s) return NULL;
    enum outcome outcome = fetch(machines[number % machine_count]);
    outcomes[outcome]++;
    if (outcome == AS_IT_SHOULD) latencies[atomic_fetch_add(&finished, 1)] = now_s() - begun_s;
    if (is_salvo) return NULL;
  }
}

/* DER around a raw Ed25519 key: RFC 8410 sections 4 and 7. */
static gnutls_certificate_credentials_t machine_of(const unsigned char key[KEY_SIZE]) {
  unsigned char public_der[44] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
  unsigned char secret_der[48] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};
  memcpy(public_der + 12, key + 32, 32);
  memcpy(secret_der + 16, key, 32);
  gnutls_datum_t public_key = {public_der, sizeof public_der}, secret_key = {secret_der, sizeof secret_der};
  gnutls_certificate_credentials_t machine;
  if (gnutls_certificate_allocate_credentials(&machine) < 0) stop("memory");
  int result = gnutls_certificate_set_rawpk_key_mem(machine, &public_key, &secret_key, GNUTLS_X509_FMT_DER, NULL,
                                                    GNUTLS_KEY_DIGITAL_SIGNATURE, NULL, 0, 0);
  if (result < 0) stop(gnutls_strerror(result));
  return machine;
}

static size_t read_file(const char *name, unsigned char *into, size_t limit) {
  FILE *file = fopen(name, "rb");
  if (file == NULL) stop(name);
  size_t size = fread(into, 1, limit, file);
  fclose(file);
  return size;
}

static void read_machines(const char *name) {
  static unsigned char keys[MAX_SECRET];
  machine_count = (long)(read_file(name, keys, sizeof keys) / KEY_SIZE);
  if (machine_count == 0) stop("no keys");
  machines = calloc((size_t)machine_count, sizeof *machines);
  for (long i = 0; i < machine_count; i++) machines[i] = machine_of(keys + i * KEY_SIZE);
}

static int by_size(const void *one, const void *other) {
  double difference = *(const double *)one - *(const double *)other;
  return difference < 0 ? -1 : difference > 0;
}

/* The smallest latency that at least this part of all fetches did not exceed, in milliseconds. */
static double quantile_ms(double part, long count) {
  if (count == 0) return 0;
  long index = (long)(part * (double)count + 0.999999) - 1;
  return latencies[index < 0 ? 0 : index >= count ? count - 1 : index] * 1e3;
}

static double own_cpu_s(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void print_result(double seconds, double cpu_s) {
  long count = finished;
  qsort(latencies, (size_t)count, sizeof *latencies, by_size);
  printf("{\"fetches\":%ld,\"atOnce\":%ld,\"seconds\":%.4f,\"perSecond\":%.1f,\"ownCpuMsPerFetch\":%.4f", fetches, at_once,
         seconds, (double)count / seconds, count > 0 ? cpu_s * 1e3 / (double)count : 0);
  printf(",\"p50Ms\":%.3f,\"p99Ms\":%.3f,\"maxMs\":%.3f", quantile_ms(.5, count), quantile_ms(.99, count),
         quantile_ms(1, count));
  for (int i = 0; i < OUTCOMES; i++) printf(",\"%s\":%ld", outcome_names[i], (long)outcomes[i]);
  printf("}\n");
}

static long bounded(const char *text, long limit) {
  long value = strtol(text, NULL, 10);
  if (value < 1) stop("numbers begin at 1");
  return value > limit ? limit : value;
}

static void read_options(int argc, char **argv) {
  int option;
  while ((option = getopt(argc, argv, "p:k:n:c:e:t:T:zs")) != -1) switch (option) {
      case 'p': server.sin_port = htons((unsigned short)bounded(optarg, 65535)); break;
      case 'k': read_machines(optarg); break;
      case 'n': fetches = bounded(optarg, MAX_FETCHES); break;
      case 'c': at_once = bounded(optarg, MAX_AT_ONCE); break;
      case 't': patience_s = bounded(optarg, MAX_SECONDS); break;
      case 'T': wall_s = bounded(optarg, MAX_SECONDS); break;
      case 'z': is_empty_expected = true; break;
      case 's': is_salvo = true; break;
      case 'e': is_checked = true; expected_size = read_file(optarg, expected, sizeof expected); break;
      default: stop("see the head of mandosload.c");
    }
  if (server.sin_port == 0 || machine_count == 0) stop("-p PORT and -k KEYS are needed");
  if (is_salvo) fetches = at_once;
}

int main(int argc, char **argv) {
  if (gnutls_priority_init(&priority, priorities, NULL) < 0) stop("priorities");
  read_options(argc, argv);
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  latencies = calloc((size_t)fetches, sizeof *latencies);
  pthread_t *workers = calloc((size_t)at_once, sizeof *workers);
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 256 * 1024);
  pthread_barrier_init(&start_line, NULL, (unsigned)at_once + 1);
  for (long i = 0; i < at_once; i++)
    if (pthread_create(&workers[i], &small, work, NULL) != 0) stop("threads");
  started_s = now_s();
  double cpu_s = own_cpu_s();
  pthread_barrier_wait(&start_line);
  for (long i = 0; i < at_once; i++) pthread_join(workers[i], NULL);
  print_result(now_s() - started_s, own_cpu_s() - cpu_s);
  return outcomes[AS_IT_SHOULD] == fetches ? 0 : 1;
}
