// frames: what a frame looks like on the wire.
#include <iostream>

#include "framing.hpp"
#include "terminal.hpp"

int main() {
  framing::Header header;
  header.command = "say";
  header.data_length = 2;
  const auto frame = framing::encode(header, "hi");
  std::cout << (frame ? dialtone::printable(*frame) : frame.error().message) << '\n';
}
