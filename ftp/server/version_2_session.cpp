// Version 2: see ftp/PROTOCOL.md.
#include "behind.hpp"
#include "session.hpp"

namespace ftp::server {
namespace {

using framing::Header;
using nlohmann::json;

/// Pieces from here on are worth a worker's waking.
constexpr std::size_t large_piece = std::size_t{64} << 10U;

/// Files below this are digested on the loop.
constexpr std::uint64_t small_file = std::uint64_t{256} << 10U;

awaitable<Went> refuse(Call& call, const Request& request, const Error& error) {
  note_request(call, request.command, request.target ? shown(*request.target) : "", &error);
  const Header told = error_header(request.command, request.id, error);
  co_return co_await call.send(told);
}

void note_success(Call& call, const Request& request) {
  note_request(call, request.command, request.target ? shown(*request.target) : "", nullptr);
}

/// On a thread of the pool where it may take long.
template <class Work>
awaitable<std::invoke_result_t<Work>> weighed(asio::thread_pool& pool, std::uint64_t bytes,
                                              Work work) {
  if (bytes <= small_file) co_return work();
  co_return co_await elsewhere(pool, std::move(work));
}

// --- who is there, what is there -------------------------------------------------------------

awaitable<Went> hello(Call& call, const Request& request) {
  const Services& services = call.services();
  const Store::Usage usage = services.store.usage();
  json limits = {{"header", frame_limits.header},
                 {"page", page_entries},
                 {"used", usage.used},
                 {"idle", services.limits.idle.count()}};
  if (usage.largest) limits["file"] = *usage.largest;
  if (usage.quota) limits["quota"] = *usage.quota;
  Header header = reply_header(request);
  header.others["server"] = "dialtone ftp-server";
  header.others["versions"] = {1, 2};
  header.others["commands"] = {"hello", "list", "stat", "get", "put", "data", "remove", "rename"};
  header.others["digests"] = {spelling(DigestKind::xxh3_128), spelling(DigestKind::sha_256)};
  header.others["limits"] = std::move(limits);
  note_request(call, request.command, request.client, nullptr);
  co_return co_await call.send(header);
}

/// The digest of a file by its name; not_found where the file is gone meanwhile.
Result<std::string> digest_of(Store& store, const Target& target, DigestKind kind) {
  const auto file = store.open(target);
  if (!file) return tl::unexpected(file.error());
  return (*file)->digest(kind);
}

awaitable<Went> list(Call& call, const Request& request) {
  Store& store = call.services().store;
  const auto page = store.list(*request.type, request.after, request.limit);
  if (!page) co_return co_await refuse(call, request, page.error());
  json entries = json::array();
  for (const Entry& entry : *page) {
    json row = {{"file_name", entry.target.name}, {"size", entry.size}, {"time", entry.modified}};
    if (request.digest_kind) {
      const auto digest = co_await weighed(call.services().readers, entry.size, [&] {
        return digest_of(store, entry.target, *request.digest_kind);
      });
      if (!digest) continue;  // gone meanwhile
      row["digest"] = tagged(*request.digest_kind, *digest);
    }
    entries.push_back(std::move(row));
  }
  const std::string payload = entries.dump();
  Header header = reply_header(request, payload.size());
  if (page->size() == request.limit) header.others["next"] = page->back().target.name;
  note_request(call, request.command, folder_of(*request.type), nullptr);
  co_return co_await call.send(header, payload);
}

awaitable<Went> stat(Call& call, const Request& request) {
  Store& store = call.services().store;
  const auto entry = store.stat(*request.target);
  const auto partial = store.partial(*request.target, "");
  const bool has_partial = partial && *partial;
  if (!entry && !(has_partial && entry.error().code == Error::Code::not_found))
    co_return co_await refuse(call, request, entry.error());
  Header header = reply_header(request);
  if (entry) {
    header.others["size"] = entry->size;
    header.others["time"] = entry->modified;
  }
  if (entry && request.digest_kind) {
    const auto digest = co_await weighed(call.services().readers, entry->size, [&] {
      return digest_of(store, *request.target, *request.digest_kind);
    });
    if (!digest) co_return co_await refuse(call, request, digest.error());
    header.others["digest"] = tagged(*request.digest_kind, *digest);
  }
  if (has_partial)
    header.others["partial"] = {{"length", (*partial)->length},
                                {"digest", tagged(DigestKind::xxh3_128, (*partial)->digest)}};
  note_success(call, request);
  co_return co_await call.send(header);
}

// --- down ------------------------------------------------------------------------------------

/// Whether the file begins with the bytes that this digest was made of.
Result<void> check_prefix(const Reading& file, std::uint64_t length, const std::string& expected) {
  const auto wanted = parse_digest(expected);  // well-formed: the request was read
  Digester digester(wanted->kind);
  const auto read =
      read_pieces(file, length, [&](std::span<const std::byte> piece) { digester.update(piece); });
  if (!read) return tl::unexpected(read.error());
  if (digester.so_far() == wanted->digits) return {};
  return failure(Error::Code::changed, "get " + shown(file.entry().target) +
                                           ": it does not begin with the bytes that are there");
}

awaitable<Went> get(Call& call, const Request& request) {
  const auto file = call.services().store.open(*request.target);
  if (!file) co_return co_await refuse(call, request, file.error());
  const Entry& entry = (*file)->entry();
  if (request.offset > entry.size) {
    const Error beyond{Error::Code::bad_request, "get: offset " + std::to_string(request.offset) +
                                                     " is above the size, " +
                                                     std::to_string(entry.size)};
    co_return co_await refuse(call, request, beyond);
  }
  if (request.offset > 0) {
    const auto same = co_await weighed(call.services().readers, request.offset, [&] {
      return check_prefix(**file, request.offset, *request.prefix_digest);
    });
    if (!same) co_return co_await refuse(call, request, same.error());
  }
  const DigestKind kind = request.digest_kind.value_or(DigestKind::xxh3_128);
  const auto digest =
      co_await weighed(call.services().readers, entry.size, [&] { return (*file)->digest(kind); });
  if (!digest) co_return co_await refuse(call, request, digest.error());
  Header header = reply_header(request, entry.size - request.offset);
  header.others["size"] = entry.size;
  header.others["time"] = entry.modified;
  header.others["offset"] = request.offset;
  header.others["digest"] = tagged(kind, *digest);
  note_success(call, request);
  co_return co_await call.send_file(header, (*file)->descriptor(), request.offset);
}

// --- up --------------------------------------------------------------------------------------

/// An upload under way: what has come is written until something is wrong; the rest of its frames
/// is then read and thrown away, and the error is told at their end.
class Upload {
 public:
  Upload(Call& call, const Request& request) : call_(call), request_(request) {
    ++call_.services().uploads;
    begin(request);
  }
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;
  ~Upload() { --call_.services().uploads; }

  /// Reads all frames. An error is one of the connection.
  awaitable<Went> receive() { co_return keep_where_it_breaks(co_await receive_all()); }

  /// The stored file, or what was wrong.
  awaitable<Result<Entry>> finish() {
    if (!wrong_) check();
    if (wrong_) co_return tl::unexpected(*wrong_);
    co_return co_await weighed(call_.services().workers, writing_->length(),
                               [this] { return writing_->commit(); });
  }

  std::string digest() const { return digest_; }

 private:
  void begin(const Request& request) {
    Store& store = call_.services().store;
    if (request.offset > 0) {  // the partial must be the one that the client knows
      const auto kept = store.partial(*request.target, "");
      if (!kept) return refuse_all(kept.error());
      if (!*kept || (*kept)->length != request.offset ||
          tagged(DigestKind::xxh3_128, (*kept)->digest) != *request.prefix_digest)
        return refuse_all({Error::Code::changed,
                           "put " + shown(*request.target) + ": no such partial is kept here"});
    }
    std::optional<std::uint64_t> size = request.size;
    if (!size && !request.more) size = request.offset + request.data_length;
    auto writing = store.create(*request.target, {size, request.offset, ""});
    if (!writing) return refuse_all(writing.error());
    writing_ = std::move(*writing);
    // SHA-256 is made on the way where it was announced; a resume lacks the beginning.
    note_digest(request);
    if (wanted_ && wanted_->kind == DigestKind::sha_256 && request.offset == 0)
      sha_256_.emplace(DigestKind::sha_256);
  }

  void note_digest(const Request& frame) {
    if (frame.digest) wanted_ = parse_digest(*frame.digest);
  }

  void refuse_all(Error error) {
    if (!wrong_) wrong_ = std::move(error);
    writing_.reset();
  }

  awaitable<Went> receive_all() {
    Behind behind(call_, co_await asio::this_coro::executor);
    Went went = co_await receive_frames(behind);
    const auto written = co_await behind.rest();
    if (!written) refuse_all(written.error());
    co_return went;
  }

  awaitable<Went> receive_frames(Behind& behind) {
    bool more = request_.more;
    if (auto read = co_await receive_payload(behind); !read) co_return read;
    while (more) {
      const auto header = co_await call_.next_header();
      if (!header) co_return tl::unexpected(header.error());
      if (*header == nullptr)
        co_return failure(Error::Code::disconnected, "put: the data ended before the last frame");
      const auto frame = parse_request(**header);
      if (!is_version_2(**header) || !frame || frame->command != "data" || frame->id != request_.id)
        co_return failure(Error::Code::bad_request,
                          "put: another frame came where its data should go on");
      note_digest(*frame);
      more = frame->more;
      if (auto read = co_await receive_payload(behind); !read) co_return read;
    }
    co_return Went{};
  }

  awaitable<Went> receive_payload(Behind& behind) {
    for (;;) {
      const auto piece = co_await call_.next_piece();
      if (!piece) co_return tl::unexpected(piece.error());
      if (piece->empty()) co_return Went{};
      const bool follows = !wrong_ && piece->size() >= large_piece && has_thread_to_itself();
      const auto written = co_await behind.rest(follows ? most_behind : 0);
      if (!written) {
        co_await behind.rest();  // it is still at work with what is thrown away now
        refuse_all(written.error());
      }
      if (wrong_) continue;
      if (!follows) {
        if (const auto now = take(*piece); !now) refuse_all(now.error());
        continue;
      }
      std::function<Result<void>()> work = [this, bytes = *piece] { return take(bytes); };
      co_await behind.follow(std::move(work));
    }
  }

  Result<void> take(std::span<const std::byte> bytes) {
    if (sha_256_) sha_256_->update(bytes);
    return writing_->write(bytes);
  }

  /// While there are two threads an upload, one receives and one stores. With more uploads than
  /// that, each is quicker on one.
  bool has_thread_to_itself() const {
    const Services& services = call_.services();
    return 2 * services.uploads <= services.threads;
  }

  //! [keep_where_it_breaks]
  /// What came of an upload whose connection broke stays for a resume.
  Went keep_where_it_breaks(Went went) {
    if (!went && writing_ && writing_->length() > 0) {
      const auto kept = writing_->keep_partial();
      note_request(call_, "put", shown(*request_.target) + " (partial)",
                   kept ? nullptr : &kept.error());
    }
    return went;
  }
  //! [keep_where_it_breaks]

  void check() {
    digest_ = writing_->digest();
    if (request_.size && writing_->length() != *request_.size)
      return refuse_all({Error::Code::damaged, "put " + shown(*request_.target) + ": " +
                                                   std::to_string(writing_->length()) + " of " +
                                                   std::to_string(*request_.size) + " bytes"});
    if (!wanted_) return;
    if (wanted_->kind == DigestKind::sha_256 && !sha_256_)
      return refuse_all(
          {Error::Code::bad_request,
           "put: a SHA-256 stands in the first frame of an upload from the beginning"});
    const std::string made = wanted_->kind == DigestKind::sha_256 ? sha_256_->so_far() : digest_;
    if (made != wanted_->digits)
      refuse_all({Error::Code::damaged,
                  "put " + shown(*request_.target) + ": the digest does not fit the data"});
  }

  Call& call_;
  const Request& request_;
  std::unique_ptr<Writing> writing_;
  std::optional<Error> wrong_;
  std::optional<TaggedDigest> wanted_;
  std::optional<Digester> sha_256_;
  std::string digest_;
};

awaitable<Went> put(Call& call, const Request& request) {
  Upload upload(call, request);
  if (auto received = co_await upload.receive(); !received) co_return received;
  const auto stored = co_await upload.finish();
  if (!stored) co_return co_await refuse(call, request, stored.error());
  Header header = reply_header(request);
  header.others["size"] = stored->size;
  header.others["time"] = stored->modified;
  header.others["digest"] = tagged(DigestKind::xxh3_128, upload.digest());
  note_success(call, request);
  co_return co_await call.send(header);
}

// --- other changes ---------------------------------------------------------------------------

awaitable<Went> change(Call& call, const Request& request) {
  Store& store = call.services().store;
  const auto changed = request.command == "remove"
                           ? store.remove(*request.target)
                           : store.rename(*request.target, *request.to, request.replace);
  if (!changed) co_return co_await refuse(call, request, changed.error());
  note_success(call, request);
  const Header header = reply_header(request);
  co_return co_await call.send(header);
}

}  // namespace

awaitable<Went> answer_version_2(Call& call, const Header& header) {
  const auto request = parse_request(header);
  if (request && request->command == "put") co_return co_await put(call, *request);
  if (const auto skipped = co_await call.skip_payload(); !skipped) co_return skipped;
  if (!request) {
    note_request(call, header.command, "", &request.error().error);
    const Header told = error_header(header.command, request.error().id, request.error().error);
    co_return co_await call.send(told);
  }
  const std::string& command = request->command;
  if (command == "hello") co_return co_await hello(call, *request);
  if (command == "list") co_return co_await list(call, *request);
  if (command == "stat") co_return co_await stat(call, *request);
  if (command == "get") co_return co_await get(call, *request);
  if (command == "data") {
    const Error stray{Error::Code::bad_request, "data: no upload is waiting for it"};
    co_return co_await refuse(call, *request, stray);
  }
  co_return co_await change(call, *request);
}

}  // namespace ftp::server
