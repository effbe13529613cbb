// Lab 02: the phone call. This is the one file that you edit; phone_call.hpp says what each
// function promises. Replace a todo(...) by your code, then run `make check LAB=02`. The functions
// of socket_basics.hpp are there for you to use.
#include "phone_call.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include "todo.hpp"

namespace phone_call {

using dialtone::todo;

// --- hearing and speaking over TCP ---

Result<std::string> hear_once(int /*call*/, std::size_t /*limit*/, Deadline /*deadline*/) {
  todo("02", "hear_once");
}

Result<std::string> hear_all(int /*call*/, std::size_t /*limit*/, Deadline /*deadline*/) {
  todo("02", "hear_all");
}

Result<void> finish_speaking(int /*call*/) {
  todo("02", "finish_speaking");
}

// --- TCP ---

Result<Talk> call_tcp(const Address& /*server*/, std::string_view /*say*/, Deadline /*deadline*/,
                      const Narrator& /*tell*/) {
  todo("02", "call_tcp");
}

Result<Descriptor> wait_for_calls(const Address& /*here*/, const Narrator& /*tell*/) {
  todo("02", "wait_for_calls");
}

Result<Talk> answer_tcp(int /*listener*/, std::string_view /*reply*/, Deadline /*deadline*/,
                        const Narrator& /*tell*/) {
  todo("02", "answer_tcp");
}

// --- UDP ---

Result<Descriptor> open_udp(const Address& /*here*/, const Narrator& /*tell*/) {
  todo("02", "open_udp");
}

Result<Datagram> receive_datagram(int /*socket*/, std::size_t /*limit*/, Deadline /*deadline*/) {
  todo("02", "receive_datagram");
}

Result<void> send_datagram(int /*socket*/, std::string_view /*bytes*/, const Address& /*to*/,
                           Deadline /*deadline*/) {
  todo("02", "send_datagram");
}

Result<Talk> call_udp(const Address& /*server*/, std::string_view /*say*/, Deadline /*deadline*/,
                      const Narrator& /*tell*/) {
  todo("02", "call_udp");
}

Result<Talk> answer_udp(int /*socket*/, std::string_view /*reply*/, Deadline /*deadline*/,
                        const Narrator& /*tell*/) {
  todo("02", "answer_udp");
}

}  // namespace phone_call
