// Lab 01: socket basics. This is the one file that you edit; socket_basics.hpp says what each
// function promises. Replace a todo(...) by your code, then run `make check LAB=01`.
#include "socket_basics.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "todo.hpp"

namespace socket_basics {

using dialtone::note_todo;
using dialtone::todo;

// --- addresses ---

Result<Address> parse_address(std::string_view /*text*/) { todo("01", "parse_address"); }

std::string to_string(const Address& /*address*/) { todo("01", "to_string"); }

Result<SystemAddress> to_system(const Address& /*address*/) { todo("01", "to_system"); }

Result<Address> from_system(const SystemAddress& /*system*/) { todo("01", "from_system"); }

// --- byte order ---

std::array<std::byte, 2> to_wire(std::uint16_t /*number*/) { todo("01", "to_wire (16 bits)"); }
std::array<std::byte, 4> to_wire(std::uint32_t /*number*/) { todo("01", "to_wire (32 bits)"); }
std::array<std::byte, 8> to_wire(std::uint64_t /*number*/) { todo("01", "to_wire (64 bits)"); }

std::uint16_t from_wire(std::span<const std::byte, 2> /*bytes*/) { todo("01", "from_wire (16 bits)"); }
std::uint32_t from_wire(std::span<const std::byte, 4> /*bytes*/) { todo("01", "from_wire (32 bits)"); }
std::uint64_t from_wire(std::span<const std::byte, 8> /*bytes*/) { todo("01", "from_wire (64 bits)"); }

// --- a descriptor that closes itself ---
// These four must not throw, so they note what is missing instead.

Descriptor::~Descriptor() {
  if (fd_ >= 0) note_todo("TODO(lab 01): Descriptor::~Descriptor");
}

Descriptor::Descriptor(Descriptor&& other) noexcept : fd_(other.fd_) {
  note_todo("TODO(lab 01): Descriptor(Descriptor&&)");
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  fd_ = other.fd_;
  note_todo("TODO(lab 01): Descriptor::operator=");
  return *this;
}

int Descriptor::release() noexcept {
  note_todo("TODO(lab 01): Descriptor::release");
  return fd_;
}

// --- whole sends, exact receives ---

Result<void> wait_ready(int /*socket*/, Direction /*direction*/, Deadline /*deadline*/) {
  todo("01", "wait_ready");
}

Result<void> send_all(int /*socket*/, std::span<const std::byte> /*bytes*/, Deadline /*deadline*/) {
  todo("01", "send_all");
}

Result<void> receive_exactly(int /*socket*/, std::span<std::byte> /*buffer*/,
                             Deadline /*deadline*/) {
  todo("01", "receive_exactly");
}

// --- connections ---

Result<Descriptor> dial(const Address& /*address*/, Deadline /*deadline*/) { todo("01", "dial"); }

Result<Descriptor> listen_on(const Address& /*address*/, int /*backlog*/) {
  todo("01", "listen_on");
}

Result<Descriptor> answer(int /*listener*/, Deadline /*deadline*/) { todo("01", "answer"); }

Result<Address> local_address(int /*socket*/) { todo("01", "local_address"); }

Result<Address> peer_address(int /*socket*/) { todo("01", "peer_address"); }

}  // namespace socket_basics
