#include "directory_core.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <random>

namespace ftp {
namespace {

constexpr std::int64_t recount_after = 10'000;  // milliseconds

std::string half_sha_256(std::string_view text) {
  Digester digester(DigestKind::sha_256);
  digester.update(std::as_bytes(std::span(text)));
  return digester.so_far().substr(0, 32);
}

std::string system_random() {
  std::random_device device;
  std::string text;
  for (int i = 0; i < 4; ++i) {
    std::array<char, 16> digits{};
    std::snprintf(digits.data(), digits.size(), "%08x", device());
    text += digits.data();
  }
  return text;
}

/// What the process leaves out of the modes of new files. umask(2) cannot be asked without being
/// set, which other threads would notice; without /proc the stored files are for their owner alone.
mode_t umask_of_process() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind("Umask:", 0) == 0)
      return static_cast<mode_t>(std::strtoul(line.c_str() + 6, nullptr, 8));
  return 077;
}

bool is_hash(std::string_view text) {
  return text.size() == 32 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

template <class T>
bool parse_whole(std::string_view text, T& number) {
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  return problem == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string Kept::name() const {
  return target + '.' + account + '.' + std::to_string(length) + '.' + digest + '.' +
         std::to_string(time);
}

std::optional<Kept> Kept::parse(std::string_view name) {
  std::array<std::string_view, 5> parts;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::size_t dot = i + 1 < parts.size() ? name.find('.') : name.size();
    if (dot == std::string_view::npos) return std::nullopt;
    parts[i] = name.substr(0, dot);
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  Kept kept;
  if (!is_hash(parts[0]) || !is_hash(parts[1]) || !parse_whole(parts[2], kept.length) ||
      !is_hash(parts[3]) || !parse_whole(parts[4], kept.time))
    return std::nullopt;
  kept.target = parts[0];
  kept.account = parts[1];
  kept.digest = parts[3];
  return kept;
}

std::string hash_of(const Target& target) {
  return half_sha_256(std::string(folder_of(target.type)) + '/' + normalised(target.name));
}

std::string hash_of(std::string_view account) {
  return half_sha_256(account);
}

Entry entry_of(Type type, const Found& found) {
  return {{type, found.spelling},
          static_cast<std::uint64_t>(found.status.st_size),
          milliseconds(found.status.st_mtim)};
}

Error write_error(int code, std::string_view tried) {
  Error error = system_error(code, tried);
  if (code == ENOENT || code == EXDEV || code == ELOOP) error.code = Error::Code::system;
  return error;
}

Core::Core(dialtone::FileDescriptor folder, StoreOptions store_options)
    : options(std::move(store_options)),
      file_mode(0644 & ~umask_of_process()),
      root(std::move(folder), options.use_openat2, options.durable),
      ledger(options.quota),
      instance_(system_random()) {}

std::int64_t Core::now() const {
  if (options.now) return options.now();
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

std::string Core::temporary_name() {
  return instance_ + '.' + std::to_string(++temporaries_);
}

bool Core::is_expired(std::int64_t time) const {
  const std::int64_t age = now() - time;
  return age > kept_for || age < -kept_for;  // a clock that was wrong keeps nothing for ever
}

Result<void> Core::reserve(std::uint64_t bytes, std::string_view tried) {
  if (ledger.reserve(bytes)) return {};
  {
    const std::lock_guard lock(names);
    const std::int64_t age = now() - counted_;
    if (age < 0 || age >= recount_after) {
      Result<void> counted = count(false);
      if (!counted) return counted;
    }
  }
  if (ledger.reserve(bytes)) return {};
  return failure(Error::Code::no_space, std::string(tried) + ": the store's quota is full");
}

Result<std::optional<Found>> Core::find(int folder, Type type, const std::string& name,
                                        std::unique_lock<std::mutex>& lock,
                                        std::string_view tried) {
  Found found;
  const auto is_there = [&](const std::string& spelling) -> Result<bool> {
    const int problem = look_at(folder, spelling, found.status);
    if (problem == ENOENT) return false;
    if (problem != 0) return tl::unexpected(system_error(problem, tried));
    found.spelling = spelling;
    return S_ISREG(found.status.st_mode);
  };
  Result<bool> there = is_there(name);
  if (there && !*there && has_other_spellings(name)) {
    if (!lock.owns_lock()) lock.lock();
    const std::string composed = normalised(name);
    if (composed != name) there = is_there(composed);
    if (there && !*there) {
      auto other = spellings[static_cast<std::size_t>(type)].find(root, folder, composed, tried);
      if (!other) return tl::unexpected(other.error());
      if (*other) there = is_there(**other);
    }
  }
  if (!there) return tl::unexpected(there.error());
  if (!*there) return std::nullopt;
  return found;
}

Result<void> Core::count(bool clean) {
  std::uint64_t stored = 0;
  for (const Place place : {Place::img, Place::video, Place::file, Place::incoming, Place::kept}) {
    // A folder that is absent, or none, holds nothing; whoever uses it is told.
    const auto folder = root.folder(place, false, "count");
    if (!folder) continue;
    const int fd = (*folder)->get();
    const int problem = root.each_name(fd, [&](std::string_view name, unsigned char /*type*/) {
      if (place == Place::incoming && name.substr(0, instance_.size()) == instance_)
        return;  // counted as reserved
      const std::string text(name);
      struct stat status {};
      if (look_at(fd, text, status) != 0 || !S_ISREG(status.st_mode)) return;
      if (clean && (place == Place::incoming || place == Place::kept)) {
        const auto kept = place == Place::kept ? Kept::parse(name) : std::nullopt;
        const std::int64_t time = kept ? kept->time : milliseconds(status.st_mtim);
        if (is_expired(time) && unlinkat(fd, text.c_str(), 0) == 0) return;
      }
      stored += static_cast<std::uint64_t>(status.st_size);
    });
    if (problem != 0) return tl::unexpected(system_error(problem, "count the store's files"));
  }
  ledger.recount(stored);
  counted_ = now();
  return {};
}

std::vector<Kept> Core::partials(int folder) {
  std::vector<Kept> all;
  root.each_name(folder, [&all](std::string_view name, unsigned char /*type*/) {
    if (auto kept = Kept::parse(name)) all.push_back(std::move(*kept));
  });
  std::erase_if(all, [&](const Kept& kept) {
    const bool expired = is_expired(kept.time);
    if (expired) remove_partial(folder, kept);
    return expired;
  });
  return all;
}

void Core::remove_partial(int folder, const Kept& kept) {
  const std::string name = kept.name();
  struct stat status {};
  if (look_at(folder, name, status) == 0 && unlinkat(folder, name.c_str(), 0) == 0)
    ledger.forget(static_cast<std::uint64_t>(status.st_size));
}

std::optional<Kept> Core::find_partial(const Target& target, std::string_view account) {
  const auto folder = root.folder(Place::kept, false, "look for a partial");
  if (!folder) return std::nullopt;
  const std::string target_hash = hash_of(target);
  const std::string account_hash = hash_of(account);
  std::optional<Kept> latest;  // a crash may have left two
  for (const Kept& kept : partials((*folder)->get())) {
    if (kept.target != target_hash || kept.account != account_hash) continue;
    if (!latest || kept.time > latest->time) latest = kept;
  }
  if (!latest) return std::nullopt;
  struct stat status {};
  if (look_at((*folder)->get(), latest->name(), status) != 0) return std::nullopt;
  if (!S_ISREG(status.st_mode) || static_cast<std::uint64_t>(status.st_size) != latest->length) {
    remove_partial((*folder)->get(), *latest);  // somebody wrote into it
    return std::nullopt;
  }
  return latest;
}

void Core::drop_partials(const Target& target) {
  const auto folder = root.folder(Place::kept, false, "drop partials");
  if (!folder) return;
  const std::vector<Kept> all = partials((*folder)->get());
  if (all.empty()) return;
  const std::string hash = hash_of(target);
  for (const Kept& kept : all)
    if (kept.target == hash) remove_partial((*folder)->get(), kept);
}

Result<void> Core::keep_partial(int incoming, const std::string& temporary, const Kept& kept,
                                std::string_view tried) {
  const auto folder = root.folder(Place::kept, true, tried);
  if (!folder) return tl::unexpected(folder.error());
  const int fd = (*folder)->get();
  const std::string name = kept.name();
  struct stat status {};
  const bool replaces = look_at(fd, name, status) == 0;  // the same bytes, kept in the same moment
  if (renameat(incoming, temporary.c_str(), fd, name.c_str()) != 0)
    return tl::unexpected(write_error(errno, tried));
  if (replaces) ledger.forget(static_cast<std::uint64_t>(status.st_size));
  for (const Kept& other : partials(fd))
    if (other.target == kept.target && other.account == kept.account && other.name() != name)
      remove_partial(fd, other);
  return {};
}

}  // namespace ftp
