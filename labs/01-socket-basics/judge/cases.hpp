// The graded cases of lab 01, by part of the contract.
#pragma once

#include <vector>

#include "judge.hpp"
#include "peer.hpp"

namespace lab01 {

using dialtone::Case;

std::vector<Case> address_cases();
std::vector<Case> descriptor_cases();
std::vector<Case> stream_cases();
std::vector<Case> connection_cases();

/// An address as the shim takes and gives it; the families are numbered as in the header.
enum Family { ipv4 = 0, ipv6 = 1, unix_path = 2, unix_abstract = 3 };
nlohmann::json address_fields(Family family, const std::string& name, std::uint16_t port = 0);
nlohmann::json loopback_fields(dialtone::LoopbackFamily family, std::uint16_t port);

/// "[::1]:80" for the story and for what a message must begin with.
std::string loopback_text(dialtone::LoopbackFamily family, std::uint16_t port);

/// A name that no other run uses, for an abstract unix address.
std::string fresh_name(dialtone::Random& random);

}  // namespace lab01
