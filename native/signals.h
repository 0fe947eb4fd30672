// Signals are the main thread's.
#pragma once
#ifdef _WIN32

namespace convcore {

/// No signal stops a thread there.
class BlockSignals {
 public:
  BlockSignals() {}
};

}  // namespace convcore

#else
#include <pthread.h>
#include <signal.h>

namespace convcore {

/// Threads started while this lives have all signals blocked, but for those that report a crash of their own.
class BlockSignals {
 public:
  BlockSignals() {
    sigset_t all;
    sigfillset(&all);
    for (int crash : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS}) sigdelset(&all, crash);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~BlockSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  BlockSignals(const BlockSignals&) = delete;
  BlockSignals& operator=(const BlockSignals&) = delete;

 private:
  sigset_t before_;
};

}  // namespace convcore

#endif
