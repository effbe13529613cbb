// What the shims of lab 01 and of the labs on its library say alike: errors, addresses, deadlines
// and the descriptors that stay in the shim until the judge drops them.
#pragma once

#include <map>
#include <utility>

#include "shim.hpp"
#include "socket_basics.hpp"

namespace socket_answers {

using dialtone::Answer;
using dialtone::Message;
using nlohmann::json;
using socket_basics::Address;
using socket_basics::Deadline;
using socket_basics::Descriptor;
using socket_basics::Error;

inline const char* name_of(Error::Kind kind) {
  switch (kind) {
    case Error::Kind::bad_address:
      return "bad_address";
    case Error::Kind::refused:
      return "refused";
    case Error::Kind::timed_out:
      return "timed_out";
    case Error::Kind::end_of_stream:
      return "end_of_stream";
    case Error::Kind::broken:
      return "broken";
    case Error::Kind::system:
      return "system";
  }
  return "?";
}

inline Answer failed(const Error& error) {
  return {{{"error",
            {{"kind", name_of(error.kind)},
             {"code", error.code},
             {"moved", error.moved},
             {"message", error.message}}}}};
}

inline Answer value(json what) {
  return {{{"value", std::move(what)}}};
}

inline json fields_of(const Address& address) {
  return {
      {"family", static_cast<int>(address.family)}, {"name", address.name}, {"port", address.port}};
}

inline Address address_of(const Message& request) {
  const json& fields = request.body.at("address");
  return {static_cast<Address::Family>(fields.at("family").get<int>()),
          fields.at("name").get<std::string>(), fields.at("port").get<std::uint16_t>()};
}

inline Deadline deadline_of(const Message& request) {
  return Deadline::after(std::chrono::milliseconds(request.body.at("milliseconds").get<int>()));
}

/// What the student's functions returned, by slot number.
inline std::map<int, Descriptor> slots;

/// Keeps a descriptor in a slot of its own; the judge learns the slot and the descriptor's number.
inline Answer keep(socket_basics::Result<Descriptor> made) {
  if (!made) return failed(made.error());
  static int next_slot = 0;
  const int slot = next_slot++;
  const int number = slots.emplace(slot, std::move(*made)).first->second.get();
  return value({{"slot", slot}, {"number", number}});
}

/// The socket that a request is about: one sent along, or one in a slot.
inline int socket_of(const Message& request) {
  if (request.body.contains("slot")) return slots.at(request.body["slot"].get<int>()).get();
  return request.descriptors.at(0).get();
}

inline Answer drop(Message& request) {
  slots.erase(request.body.at("slot").get<int>());
  return value(nullptr);
}

}  // namespace socket_answers
