#include "session_store.hpp"

#include <sys/mman.h>

#include <charconv>

#include "file_descriptor.hpp"
#include "fuzz_support.hpp"

namespace fuzz {

using ftp::Entry;
using ftp::failure;
using ftp::Result;
using ftp::Target;
using Code = ftp::Error::Code;

namespace {

constexpr std::uint64_t quota = 200;  // of what is uploaded, with little room
constexpr std::uint64_t largest_file = 60;
constexpr std::uint64_t most_opened = 1'500'000;  // bytes in one run, so that runs stay short

/// The failure that a name asks for, where it asks for one of this doing.
Result<void> trouble(std::string_view doing, const Target& target) {
  std::string_view what = target.name;
  if (!what.starts_with(doing) || what.substr(doing.size(), 1) != ":") return {};
  what.remove_prefix(doing.size() + 1);
  const std::string tried = std::string(doing) + " " + ftp::shown(target);
  int number = 0;
  if (std::from_chars(what.data(), what.data() + what.size(), number).ec == std::errc())
    return tl::unexpected(ftp::system_error(number, tried));
  return failure(ftp::code_of(what), tried + ": as its name asks");
}

bool is_shrunk(const Target& target) {
  return target.name.starts_with("shrunk");
}

std::string digest_of(std::string_view bytes, ftp::DigestKind kind) {
  ftp::Digester digester(kind);
  digester.update(bytes_of(bytes));
  return digester.so_far();
}

}  // namespace

const std::string& large_file() {
  static const std::string bytes(300'000, 'L');
  return bytes;
}

/// Bytes behind a descriptor, and the descriptor new: the server's memory of files' digests is of
/// no use from one run to the next.
class MemoryStore::Memory {
 public:
  explicit Memory(std::string_view bytes) : fd_(::memfd_create("file", MFD_CLOEXEC)) {
    require(
        fd_ && ::write(fd_.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()),
        "there is memory for a file");
  }
  int descriptor() const { return fd_.get(); }

 private:
  dialtone::FileDescriptor fd_;
};

class MemoryStore::Opened final : public ftp::Reading {
 public:
  Opened(Entry entry, Bytes bytes, std::shared_ptr<const Memory> memory)
      : entry_(std::move(entry)), bytes_(std::move(bytes)), memory_(std::move(memory)) {}

  const Entry& entry() const override { return entry_; }
  int descriptor() const override { return memory_->descriptor(); }
  Result<std::string> digest(ftp::DigestKind kind) override {
    if (auto failed = trouble("digest", entry_.target); !failed)
      return tl::unexpected(failed.error());
    return digest_of(*bytes_, kind);
  }

 private:
  Entry entry_;
  Bytes bytes_;
  std::shared_ptr<const Memory> memory_;
};

class MemoryStore::Upload final : public ftp::Writing {
 public:
  Upload(MemoryStore& store, Target target, std::string begun)
      : store_(store), target_(std::move(target)), bytes_(std::move(begun)) {
    ++store_.under_way_;
  }
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;
  ~Upload() override { --store_.under_way_; }

  Result<void> write(std::span<const std::byte> bytes) override {
    require(!over_, "nothing is written after a failure or the end");
    over_ = true;
    if (auto failed = trouble("write", target_); !failed) return failed;
    if (auto room = store_.has_room(bytes_.size() + bytes.size()); !room) return room;
    bytes_ += text_of(bytes);
    over_ = false;
    return {};
  }
  std::uint64_t length() const override { return bytes_.size(); }
  std::string digest() const override { return digest_of(bytes_, ftp::DigestKind::xxh3_128); }

  Result<Entry> commit() override {
    require(!over_, "what failed or has ended is not committed");
    over_ = true;
    if (auto failed = trouble("commit", target_); !failed) return tl::unexpected(failed.error());
    store_.stored_.push_back({target_, bytes_});
    store_.partials_.erase(key_of(target_));
    return store_.keep(target_, std::make_shared<const std::string>(std::move(bytes_)));
  }

  Result<void> keep_partial() override {
    require(!over_, "what failed or has ended is not kept");
    over_ = true;
    if (auto failed = trouble("keep", target_); !failed) return failed;
    store_.partials_[key_of(target_)] = std::move(bytes_);
    return {};
  }

 private:
  MemoryStore& store_;
  Target target_;
  std::string bytes_;
  bool over_ = false;
};

MemoryStore::MemoryStore(const Troubles& troubles) : troubles_(troubles) {
  using ftp::Type;
  const auto text = [](std::string bytes) {
    return std::make_shared<const std::string>(std::move(bytes));
  };
  static const Bytes large = text(large_file());
  static const Bytes shrunk = text(large_file().substr(0, 100'000));
  keep({Type::img, "a.png"}, text("picture"));
  keep({Type::video, "large"}, large);
  keep({Type::video, "shrunk, large"}, shrunk);
  keep({Type::file, "shrunk"}, text("some bytes"));
}

MemoryStore::Key MemoryStore::key_of(const Target& target) {
  return {target.type, ftp::normalised(target.name)};
}

Result<MemoryStore::File*> MemoryStore::find(const Target& target) {
  if (auto good = ftp::check_name(target.name); !good) return tl::unexpected(good.error());
  const auto found = files_.find(key_of(target));
  if (found == files_.end())
    return failure(Code::not_found, ftp::shown(target) + ": there is none");
  return &found->second;
}

/// A replaced file keeps its spelling.
Entry MemoryStore::keep(const Target& target, Bytes bytes) {
  const auto [at, is_new] = files_.try_emplace(key_of(target));
  File& file = at->second;
  file.entry = {is_new ? target : file.entry.target, bytes->size(), ++clock_};
  file.bytes = std::move(bytes);
  file.memory.reset();
  return file.entry;
}

Result<void> MemoryStore::has_room(std::uint64_t size) const {
  if (!troubles_.little_room) return {};
  if (size > largest_file) return failure(Code::too_large, "larger than any file may be");
  std::uint64_t used = size;
  for (const Stored& stored : stored_) used += stored.bytes.size();
  if (used > quota) return failure(Code::no_space, "the quota is used up");
  return {};
}

Result<std::vector<Entry>> MemoryStore::list(ftp::Type type, std::string_view after,
                                             std::size_t limit) {
  if (troubles_.cannot_list) return failure(Code::system, "list: as the input asks");
  std::map<std::string, Entry> by_name;
  for (const auto& [key, file] : files_)
    if (key.first == type && file.entry.target.name > after)
      by_name.emplace(file.entry.target.name, file.entry);
  std::vector<Entry> page;
  for (const auto& [name, entry] : by_name)
    if (page.size() < limit) page.push_back(entry);
  return page;
}

Result<Entry> MemoryStore::stat(const Target& target) {
  if (auto failed = trouble("stat", target); !failed) return tl::unexpected(failed.error());
  return find(target).map([](const File* file) { return file->entry; });
}

Result<std::unique_ptr<ftp::Reading>> MemoryStore::open(const Target& target) {
  if (auto failed = trouble("open", target); !failed) return tl::unexpected(failed.error());
  const auto file = find(target);
  if (!file) return tl::unexpected(file.error());
  const File& found = **file;
  opened_bytes_ += found.entry.size;
  if (opened_bytes_ > most_opened) return failure(Code::busy, "enough was opened");
  const bool shrunk = is_shrunk(found.entry.target) && found.entry.size > 0;
  showed_shrunk_ |= shrunk;
  if (!found.memory)
    (*file)->memory = std::make_shared<const Memory>(
        std::string_view(*found.bytes).substr(0, found.bytes->size() - (shrunk ? 1 : 0)));
  return std::make_unique<Opened>(found.entry, found.bytes, found.memory);
}

Result<std::unique_ptr<ftp::Writing>> MemoryStore::create(const Target& target,
                                                          const ftp::Beginning& beginning) {
  if (auto failed = trouble("create", target); !failed) return tl::unexpected(failed.error());
  if (auto good = ftp::check_name(target.name); !good) return tl::unexpected(good.error());
  if (beginning.size)
    if (auto room = has_room(*beginning.size); !room) return tl::unexpected(room.error());
  std::string begun;
  if (beginning.offset > 0) {
    const auto kept = partials_.find(key_of(target));
    if (kept == partials_.end() || kept->second.size() != beginning.offset)
      return failure(Code::changed, "there is no such partial");
    begun = std::move(kept->second);
    partials_.erase(kept);
  }
  return std::make_unique<Upload>(*this, target, std::move(begun));
}

Result<std::optional<ftp::Partial>> MemoryStore::partial(const Target& target, std::string_view) {
  if (auto failed = trouble("partial", target); !failed) return tl::unexpected(failed.error());
  const auto kept = partials_.find(key_of(target));
  if (kept == partials_.end()) return std::nullopt;
  return ftp::Partial{kept->second.size(), digest_of(kept->second, ftp::DigestKind::xxh3_128)};
}

Result<void> MemoryStore::remove(const Target& target) {
  if (auto failed = trouble("remove", target); !failed) return failed;
  if (const auto file = find(target); !file) return tl::unexpected(file.error());
  files_.erase(key_of(target));
  return {};
}

Result<void> MemoryStore::rename(const Target& from, const Target& to, bool replace) {
  if (auto failed = trouble("rename", from); !failed) return failed;
  if (auto good = ftp::check_name(to.name); !good) return good;
  const auto file = find(from);
  if (!file) return tl::unexpected(file.error());
  const Bytes bytes = (*file)->bytes;
  const bool is_itself = key_of(from) == key_of(to);
  if (!is_itself && !replace && find(to)) return failure(Code::exists, "the name is taken");
  files_.erase(key_of(from));
  keep(to, bytes);
  return {};
}

ftp::Store::Usage MemoryStore::usage() {
  Usage usage;
  for (const auto& [key, file] : files_) usage.used += file.entry.size;
  if (troubles_.little_room) {
    usage.quota = quota;
    usage.largest = largest_file;
  }
  return usage;
}

}  // namespace fuzz
