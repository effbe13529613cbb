// ostep:relocation: base and limit, and whether random virtual addresses are in bounds.
//
// Without -l the limit is int(size/4 + size/4 × random()); without -b the base is drawn, after the
// limit, as int(memory × random()) until base + limit is below the memory's size. An address below
// the limit is valid; addresses are drawn over the whole address space.
#include "players.hpp"
#include "python_random.hpp"

namespace simulation::ostep {
namespace {

struct Request {
  std::int64_t seed = 0;
  std::string space = "1k";
  std::string memory = "16k";
  std::int64_t count = 5;
  std::string base = "-1";
  std::string limit = "-1";
  bool compute = false;
};

/// Whole bytes, or 1024, 1024² or 1024³ of them by k, m or g.
std::optional<std::int64_t> parse_size(std::string_view text) {
  constexpr std::int64_t greatest = std::int64_t{1} << 40U;
  std::int64_t unit = 1;
  if (!text.empty()) {
    const char last = text.back();
    if (last == 'k' || last == 'K') unit = std::int64_t{1} << 10U;
    if (last == 'm' || last == 'M') unit = std::int64_t{1} << 20U;
    if (last == 'g' || last == 'G') unit = std::int64_t{1} << 30U;
    if (unit > 1) text.remove_suffix(1);
  }
  const std::optional<std::int64_t> number = parse_whole(text);
  if (!number || *number < 0 || *number > greatest / unit) return std::nullopt;
  return *number * unit;
}

tl::unexpected<Message> bad_size(std::string_view option, std::string_view value) {
  return bad_value(option, value, "give bytes, or a number with k, m or g, up to 1024g",
                   "应为字节数，或带 k、m、g 的数，至多 1024g");
}

/// A base for which base + limit is below the memory's size; nothing when none turns up.
std::optional<std::int64_t> draw_base(std::int64_t memory, std::int64_t limit,
                                      dialtone::PythonRandom& random) {
  Budget budget;
  while (limit < memory && budget.spend()) {
    const auto base = static_cast<std::int64_t>(static_cast<double>(memory) * random.random());
    if (base + limit < memory) return base;
  }
  return std::nullopt;
}

Played play_request(const Request& request) {
  const auto space = parse_size(request.space);
  const auto memory = parse_size(request.memory);
  const auto given_limit = parse_size(request.limit);
  const auto given_base = parse_size(request.base);
  if (!space || *space == 0) return bad_size("-a", request.space);
  if (!memory || *memory <= 1) return bad_size("-p", request.memory);
  if (!given_limit && request.limit != "-1") return bad_size("-l", request.limit);
  if (!given_base && request.base != "-1") return bad_size("-b", request.base);
  if (*memory <= *space)
    return refuse("-p: the memory must be larger than the address space (-a)",
                  "-p：内存必须大于地址空间（-a）");

  dialtone::PythonRandom random(request.seed);
  Outcome outcome;
  const double quarter = static_cast<double>(*space) / 4.0;
  outcome.limit =
      given_limit ? *given_limit : static_cast<std::int64_t>(quarter + quarter * random.random());
  const auto base = given_base ? given_base : draw_base(*memory, outcome.limit, random);
  if (!base || *base + outcome.limit > *memory)
    return refuse("base + limit (" + std::to_string(outcome.limit) + ") do not fit into the memory",
                  "基址加界限（" + std::to_string(outcome.limit) + "）超出内存");
  outcome.base = *base;
  for (std::int64_t i = 0; i < request.count; ++i) {
    Access access;
    access.virtual_address =
        static_cast<std::int64_t>(static_cast<double>(*space) * random.random());
    if (access.virtual_address < outcome.limit)
      access.physical_address = access.virtual_address + outcome.base;
    outcome.accesses.push_back(access);
  }
  return outcome;
}

}  // namespace

Played play_relocation(const Words& words) {
  Request request;
  const std::vector<Option> options = {
      {'s', "seed", &request.seed, INT64_MIN, INT64_MAX},
      {'a', "asize", &request.space},
      {'p', "physmem", &request.memory},
      {'n', "addresses", &request.count, 0, static_cast<std::int64_t>(most_records)},
      {'b', "b", &request.base},
      {'l', "l", &request.limit},
      {'c', "compute", &request.compute}};
  if (auto read = read_options(options, words); !read) return tl::unexpected(read.error());
  return play_request(request);
}

}  // namespace simulation::ostep
