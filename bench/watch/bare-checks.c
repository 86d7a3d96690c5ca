/* The least that a check can cost: posix_spawn(3) of a program and waiting for it, so many times, one every so many
 * microseconds. Prints the processor time of one, in microseconds, its own and the program's together. */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static double microseconds(int who) {
  struct rusage usage;
  getrusage(who, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

int main(int count, char **words) {
  if (count < 4) return fprintf(stderr, "usage: bare-checks CHECKS MICROSECONDS PROGRAM [ARGUMENT...]\n"), 2;
  const long checks = atol(words[1]), pause = atol(words[2]);
  struct timespec due;
  clock_gettime(CLOCK_MONOTONIC, &due);
  for (long check = 0; check < checks; check++) {
    pid_t pid;
    int status, error = posix_spawn(&pid, words[3], NULL, NULL, words + 3, environ);
    if (error != 0 || waitpid(pid, &status, 0) != pid) return perror("bare-checks"), 1;
    due.tv_nsec += pause * 1000;
    due.tv_sec += due.tv_nsec / 1000000000;
    due.tv_nsec %= 1000000000;
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR) {
    }
  }
  printf("%.1f\n", (microseconds(RUSAGE_SELF) + microseconds(RUSAGE_CHILDREN)) / checks);
  return 0;
}
