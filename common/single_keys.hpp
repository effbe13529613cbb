// Single keys from the terminal, which gets its own settings back however the program ends.
#pragma once

#include <termios.h>
#include <unistd.h>

#include "interruption.hpp"

namespace dialtone {

/// Single keys without echo while it lives. Ctrl-C stays a signal.
class SingleKeys {
 public:
  SingleKeys() {
    tcgetattr(STDIN_FILENO, &before_);
    termios keys = before_;
    keys.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    keys.c_cc[VMIN] = 1;
    keys.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &keys);
  }
  SingleKeys(const SingleKeys&) = delete;
  SingleKeys& operator=(const SingleKeys&) = delete;
  ~SingleKeys() { restore(); }

 private:
  void restore() const { tcsetattr(STDIN_FILENO, TCSANOW, &before_); }

  termios before_{};
  OnInterruption on_interruption_{[this] { restore(); }};
};

}  // namespace dialtone
