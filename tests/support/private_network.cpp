// private-network COMMAND...: runs a command in a network of its own, with nothing but loopback, so
// that a test may use the course's fixed ports. Exits with 77 where the machine does not allow it.
#include "private_network.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

constexpr int not_possible_here = 77;  // what CTest's SKIP_RETURN_CODE looks for

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: private-network COMMAND [ARGUMENT...]\n");
    return 2;
  }
  if (!dialtone::enter_private_network()) {
    std::fprintf(stderr, "private-network: not possible here: %s\n", std::strerror(errno));
    return not_possible_here;
  }
  execvp(argv[1], argv + 1);
  std::fprintf(stderr, "private-network: %s: %s\n", argv[1], std::strerror(errno));
  return 1;
}
