#include "offer.hpp"

#include <algorithm>
#include <deque>
#include <filesystem>

#include "language.hpp"
#include "local_file.hpp"

namespace ftp::client {

using dialtone::tr;

namespace {

constexpr std::size_t piece_size = std::size_t{256}
                                   << 10U;  ///< of a frame; larger files take several
constexpr std::size_t most_ahead = 64;      ///< puts without a reply yet
constexpr std::uint64_t most_bytes_ahead = std::uint64_t{1} << 20U;

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

void tell_sent(Report& report, const Offer& file, std::uint64_t size, std::uint64_t resumed,
               const std::string& digest, const std::string& words) {
  nlohmann::json fields{{"file", shown(file.target)},
                        {"action", "sent"},
                        {"from", file.path},
                        {"size", size},
                        {"resumed_at", resumed}};
  if (!digest.empty()) fields["digest"] = digest;
  std::string line = visible(words);
  if (words.empty())
    line = visible(file.path) + " -> " + visible(shown(file.target)) + "  " + size_text(size) +
           (resumed > 0 ? tr("  (from byte ", "（从第 ") + std::to_string(resumed) +
                              tr(" on)", " 字节续传）")
                        : std::string());
  report.done(fields, line);
}

/// Version 2.
class Offering {
 public:
  Offering(Session& session, Report& report, const std::vector<Offer>& files, DigestKind kind)
      : session_(session), report_(report), waiting_(files.begin(), files.end()), kind_(kind) {}

  void run() {
    try {
      while (!waiting_.empty()) {
        offer(waiting_.front());
        waiting_.pop_front();
      }
      while (!ahead_.empty()) take_next();
    } catch (const ConnectionLost& lost) {
      std::vector<std::string> rest;
      for (const Ahead& ahead : ahead_) rest.push_back(shown(ahead.file.target));
      for (const Offer& file : waiting_) rest.push_back(shown(file.target));
      report_.lost(lost, std::move(rest));
    }
  }

 private:
  /// A small file that was sent and has no reply yet.
  struct Ahead {
    Offer file;
    std::uint64_t id = 0;
    std::uint64_t size = 0;
    std::string digest;  ///< XXH3-128
  };

  void offer(const Offer& file) {
    try {
      Source source(file.path);
      if (source.size() && *source.size() <= piece_size) return send_ahead(file, source);
      while (!ahead_.empty()) take_next();  // then what comes early is the reply to this one
      send_in_pieces(file, source);
    } catch (const ConnectionLost&) {
      throw;
    } catch (const Trouble& trouble) {
      report_.failed(shown(file.target), trouble);
    }
  }

  void send_ahead(const Offer& file, Source& source) {
    const std::uint64_t size = *source.size();
    std::string payload;
    source.read_to(size, [&](std::span<const std::byte> piece) {
      payload.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    });
    // Replies are small: as long as no more than this is ahead, neither end waits for the other.
    while (!ahead_.empty() &&
           (ahead_.size() >= most_ahead || bytes_ahead_ + size > most_bytes_ahead))
      take_next();
    Digester own(DigestKind::xxh3_128);
    own.update(bytes_of(payload));
    Digester sent(kind_);
    sent.update(bytes_of(payload));
    Request request;
    request.command = "put";
    request.target = file.target;
    request.size = size;
    request.digest = tagged(kind_, sent.so_far());
    const std::uint64_t id = session_.two().ask(std::move(request), payload);
    ahead_.push_back({file, id, size, own.so_far()});
    bytes_ahead_ += size;
  }

  void take_next() {
    const Ahead& ahead = ahead_.front();
    try {
      check_stored(session_.two().take_put(ahead.id), ahead.size, ahead.digest);
      tell_sent(report_, ahead.file, ahead.size, 0, tagged(DigestKind::xxh3_128, ahead.digest), "");
    } catch (const ConnectionLost&) {
      throw;
    } catch (const Trouble& trouble) {
      report_.failed(shown(ahead.file.target), trouble);
    }
    bytes_ahead_ -= ahead.size;
    ahead_.pop_front();
  }

  /// What the server says that it stored must be what was sent.
  static void check_stored(const Version2::Stored& stored, std::uint64_t size,
                           const std::string& digest) {
    if (stored.size != size ||
        (stored.digest.kind == DigestKind::xxh3_128 && stored.digest.digits != digest))
      throw Trouble(Error::Code::damaged,
                    tr("the server stored something else than was sent; send it again",
                       "服务端保存的内容与发送的不同；请重新发送"));
  }

  /// A large file or a stream.
  void send_in_pieces(const Offer& file, Source& source) {
    try {
      // A SHA-256 goes in front, and with whole uploads only.
      if (digest_goes_in_front() && !source.size()) source.spool();
      const bool resumable = source.size() && !digest_goes_in_front();
      const std::uint64_t offset = resumable ? resume_offset(file, source) : 0;
      try {
        send_from(file, source, offset);
      } catch (const Refused& refused) {
        if (refused.code() != Error::Code::changed || offset == 0) throw;
        send_from(file, source, 0);
      }
    } catch (const LocalTrouble& trouble) {
      // The server waits for bytes that do not come; what it has it keeps for a resume.
      report_.failed(shown(file.target), trouble);
      session_.redial();
    }
  }

  /// How much of the file the server has already, as the beginning of this same file.
  std::uint64_t resume_offset(const Offer& file, Source& source) {
    std::optional<Partial> partial;
    try {
      partial = session_.two().stat(file.target, std::nullopt).partial;
    } catch (const Refused&) {
      return 0;  // nothing of that name; what else is wrong, the put itself will tell
    }
    if (!partial || partial->length == 0 || partial->length > *source.size()) return 0;
    Digester beginning(DigestKind::xxh3_128);
    source.read_to(partial->length,
                   [&](std::span<const std::byte> piece) { beginning.update(piece); });
    return beginning.so_far() == partial->digest ? partial->length : 0;
  }

  void send_from(const Offer& file, Source& source, std::uint64_t offset) {
    Request request;
    request.command = "put";
    request.target = file.target;
    request.size = source.size();
    request.more = true;
    if (digest_goes_in_front()) {
      Digester whole(kind_);
      source.read_to(*source.size(),
                     [&](std::span<const std::byte> piece) { whole.update(piece); });
      request.digest = tagged(kind_, whole.so_far());
    }
    Digester digest(DigestKind::xxh3_128);
    if (source.size())
      source.read_to(offset, [&](std::span<const std::byte> piece) { digest.update(piece); });
    if (offset > 0) {
      request.offset = offset;
      request.prefix_digest = tagged(digest.kind(), digest.so_far());
    }
    report_.progress().begin(file.target.name, offset, source.size());
    const std::uint64_t id = session_.two().ask(std::move(request));
    std::uint64_t done = offset;
    while (!source.size() || done < *source.size()) {
      const std::uint64_t most =
          source.size() ? std::min<std::uint64_t>(piece_size, *source.size() - done) : piece_size;
      const std::string piece = source.read(static_cast<std::size_t>(most));
      if (piece.empty() && source.size()) source.changed_meanwhile();
      if (piece.empty()) break;
      digest.update(bytes_of(piece));
      session_.two().send_data(id, piece, true);
      done += piece.size();
      report_.progress().moved(piece.size());
      if (session_.connection().something_waits()) return refused_early(id);
    }
    std::optional<std::string> behind;
    if (!digest_goes_in_front()) behind = tagged(digest.kind(), digest.so_far());
    session_.two().send_data(id, "", false, behind);
    check_stored(session_.two().take_put(id), done, digest.so_far());
    tell_sent(report_, file, done, offset, tagged(digest.kind(), digest.so_far()), "");
  }

  /// An XXH3-128 is made on the way and stands in the last frame.
  bool digest_goes_in_front() const { return kind_ == DigestKind::sha_256; }

  /// The reply is there before the last frame: it can only be a refusal. The upload is ended, so
  /// that the server knows which frames are no part of it any more.
  void refused_early(std::uint64_t id) {
    try {
      session_.two().take_put(id);
    } catch (const ConnectionLost&) {
      throw;
    } catch (const Refused&) {
      session_.two().send_data(id, "", false);
      throw;
    }
    session_.connection().nonsense("a put that is stored before it has ended");
  }

  Session& session_;
  Report& report_;
  std::deque<Offer> waiting_;
  std::deque<Ahead> ahead_;
  std::uint64_t bytes_ahead_ = 0;
  DigestKind kind_;
};

/// Version 1: one after the other. A stream is kept in a file first, for its digest goes in front.
void offer_one(Session& session, Report& report, const Offer& file) {
  Source source(file.path);
  if (!source.size()) source.spool();
  Version1::Upload upload;
  upload.file_type = file.target.type == Type::file ? "" : folder_of(file.target.type);
  upload.name = file.target.name;
  upload.folder = std::filesystem::path(file.path).parent_path().string();
  upload.length = *source.size();
  upload.read = [&](const Sink& sink) { source.read_to(*source.size(), sink); };
  tell_sent(report, file, upload.length, 0, "", session.one().upload(upload));
}

}  // namespace

void offer_all(Session& session, Report& report, const std::vector<Offer>& files, DigestKind kind) {
  if (session.version_2()) return Offering(session, report, files, kind).run();
  one_by_one(report, files, [&](const Offer& file) { offer_one(session, report, file); });
}

}  // namespace ftp::client
