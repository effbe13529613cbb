// What must be put right before Ctrl-C, SIGTERM or SIGHUP end the program: temporary folders, the
// terminal. Children need nothing: the kernel kills them with their parent (PR_SET_PDEATHSIG).
#pragma once

#include <cstddef>
#include <functional>

namespace dialtone {

/// From here on those signals run every registered clean-up and then end the program by the same
/// signal. Call once, before other threads start.
void clean_up_on_interruption();

/// A clean-up that is registered while this lives; it runs at most once, on a thread of its own.
class OnInterruption {
 public:
  explicit OnInterruption(std::function<void()> clean_up);
  OnInterruption(const OnInterruption&) = delete;
  OnInterruption& operator=(const OnInterruption&) = delete;
  ~OnInterruption();

 private:
  std::size_t key_;
};

}  // namespace dialtone
