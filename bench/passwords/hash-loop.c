/* sha512crypt as often as the C library can make it: threads that call crypt_rn(3) until the time is over.
 * usage: hash-loop THREADS SECONDS; prints hashes a second and processor time of one, in ms. */

#include <crypt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double end;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void *run(void *counted) {
  struct crypt_data *state = calloc(1, sizeof *state);
  char setting[CRYPT_GENSALT_OUTPUT_SIZE];
  unsigned long count = 0;
  for (; now() < end; count++) {
    /* NULL: the salt comes from the kernel. */
    if (!crypt_gensalt_rn("$6$", 0, NULL, 0, setting, sizeof setting)) abort();
    if (!crypt_rn("correct horse battery staple", setting, state, sizeof *state)) abort();
  }
  *(unsigned long *)counted = count;
  free(state);
  return NULL;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  int threads = atoi(argv[1]);
  double seconds = atof(argv[2]), begin = now();
  pthread_t thread[64];
  unsigned long counts[64] = {0}, all = 0;
  if (threads < 1 || threads > 64) return 2;
  end = begin + seconds;
  for (int i = 0; i < threads; i++) pthread_create(&thread[i], NULL, run, &counts[i]);
  for (int i = 0; i < threads; i++) pthread_join(thread[i], NULL);
  for (int i = 0; i < threads; i++) all += counts[i];
  printf("%.1f %.4f\n", all / (now() - begin), 1e3 * clock() / CLOCKS_PER_SEC / all);
  return 0;
}
