// Lab 05: multiprogramming. This is the one file that you edit; multiprogramming.hpp says what each
// function promises. Replace a todo(...) by your code, then run `make check LAB=05`.
#include "multiprogramming.hpp"

#include "todo.hpp"

namespace multiprogramming {

using dialtone::todo;

// --- 1. Fixed partitions ---

FixedPartitions::FixedPartitions(const std::vector<Address>& sizes) {  // given
  Address address = 0;
  for (const Address size : sizes) {
    partitions_.push_back({{address, size}, 0});
    address += size;
  }
}

Result<Region> FixedPartitions::allocate(Address /*size*/) {
  todo("05", "FixedPartitions::allocate");
}

Result<void> FixedPartitions::release(Address /*address*/) {
  todo("05", "FixedPartitions::release");
}

Usage FixedPartitions::usage() const {
  todo("05", "FixedPartitions::usage");
}

// --- 2. Variable partitions ---

VariablePartitions::VariablePartitions(Address size, Fit fit)
    : size_(size), fit_(fit), holes_{{0, size}} {}  // given: the whole memory is one hole

Result<Region> VariablePartitions::allocate(Address /*size*/) {
  todo("05", "VariablePartitions::allocate");
}

Result<void> VariablePartitions::release(Address /*address*/) {
  todo("05", "VariablePartitions::release");
}

std::vector<Move> VariablePartitions::compact() {
  todo("05", "VariablePartitions::compact");
}

Usage VariablePartitions::usage() const {
  todo("05", "VariablePartitions::usage");
}

// --- 3. Base and limit ---

tl::expected<Address, Fault> translate(const BoundRegisters& /*registers*/, Address /*address*/) {
  todo("05", "translate");
}

// --- 4. The dispatcher ---

Result<Dispatcher::Runs> Dispatcher::admit(int /*program*/) {
  todo("05", "Dispatcher::admit");
}

Result<Dispatcher::Runs> Dispatcher::block() {
  todo("05", "Dispatcher::block");
}

Result<Dispatcher::Runs> Dispatcher::wake(int /*program*/) {
  todo("05", "Dispatcher::wake");
}

Result<Dispatcher::Runs> Dispatcher::finish() {
  todo("05", "Dispatcher::finish");
}

}  // namespace multiprogramming
