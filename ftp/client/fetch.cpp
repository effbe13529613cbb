#include "fetch.hpp"

#include <deque>

#include "language.hpp"
#include "local_file.hpp"

namespace ftp::client {

using dialtone::tr;

namespace {

constexpr std::size_t most_asked = 64;  ///< requests without a reply yet

Incoming incoming_for(const Fetch& file) {
  if (file.to == "-") return Incoming::to_standard_output();
  return Incoming::resumable(file.to, file.partial);
}

void tell_received(Report& report, const Fetch& file, std::uint64_t size, std::uint64_t resumed,
                   const std::string& digest) {
  nlohmann::json fields{{"file", shown(file.target)},
                        {"action", "received"},
                        {"to", file.to.string()},
                        {"size", size},
                        {"resumed_at", resumed}};
  if (!digest.empty()) fields["digest"] = digest;
  std::string line;
  if (file.to != "-")
    line =
        visible(shown(file.target)) + " -> " + visible(file.to.string()) + "  " + size_text(size) +
        (resumed > 0
             ? tr("  (from byte ", "（从第 ") + std::to_string(resumed) + tr(" on)", " 字节续传）")
             : std::string());
  report.done(fields, line);
}

/// A file that was asked for.
struct Asked {
  Fetch file;
  Incoming incoming;
  Digester digester;  ///< has seen what is here already
  std::uint64_t id = 0;
};

/// Version 2: requests go ahead of their replies.
class Fetching {
 public:
  Fetching(Session& session, Report& report, const std::vector<Fetch>& files)
      : session_(session), report_(report), waiting_(files.begin(), files.end()) {}

  void run() {
    try {
      while (!waiting_.empty() || !asked_.empty()) {
        while (!waiting_.empty() && asked_.size() < most_asked) ask_next();
        if (!asked_.empty()) take_next();
      }
    } catch (const ConnectionLost& lost) {
      std::vector<std::string> rest;
      for (const Asked& asked : asked_) rest.push_back(shown(asked.file.target));
      for (const Fetch& file : waiting_) rest.push_back(shown(file.target));
      report_.lost(lost, std::move(rest));
    }
  }

 private:
  void ask_next() {
    const Fetch file = waiting_.front();
    try {
      Asked asked{file, incoming_for(file), Digester(DigestKind::xxh3_128)};
      asked.incoming.read_back(
          [&](std::span<const std::byte> piece) { asked.digester.update(piece); });
      ask(std::move(asked));
    } catch (const ConnectionLost&) {
      throw;
    } catch (const Trouble& trouble) {
      report_.failed(shown(file.target), trouble);
    }
    waiting_.pop_front();
  }

  void ask(Asked asked) {
    Request request;
    request.command = "get";
    request.target = asked.file.target;
    request.offset = asked.incoming.length();
    if (request.offset > 0)
      request.prefix_digest = tagged(DigestKind::xxh3_128, asked.digester.so_far());
    asked.id = session_.two().ask(std::move(request));
    asked_.push_back(std::move(asked));
  }

  void take_next() {
    Asked& asked = asked_.front();
    try {
      take(asked);
    } catch (const ConnectionLost&) {
      throw;
    } catch (const LocalTrouble& trouble) {
      // The rest of the file is still on its way, and may be long: the others are asked for anew.
      report_.failed(shown(asked.file.target), trouble);
      asked_.pop_front();
      for (; !asked_.empty(); asked_.pop_back()) waiting_.push_front(asked_.back().file);
      session_.redial();
      return;
    } catch (const Refused& refused) {
      const bool other_now =
          refused.code() == Error::Code::changed || refused.code() == Error::Code::bad_request;
      if (other_now && asked.incoming.length() > 0) {
        asked.incoming.start_anew();
        asked.digester = Digester(DigestKind::xxh3_128);
        ask(std::move(asked));
      } else {
        report_.failed(shown(asked.file.target), refused);
      }
    }
    asked_.pop_front();
  }

  void take(Asked& asked) {
    const std::uint64_t offset = asked.incoming.length();
    const auto coming = session_.two().take_get(asked.id, offset);
    if (coming.digest.kind != DigestKind::xxh3_128)
      session_.connection().nonsense("a digest of another kind than was asked for");
    report_.progress().begin(asked.file.target.name, offset, coming.size);
    session_.connection().receive_payload([&](std::span<const std::byte> piece) {
      asked.digester.update(piece);
      asked.incoming.write(piece);
      report_.progress().moved(piece.size());
    });
    if (asked.digester.so_far() != coming.digest.digits) {
      asked.incoming.discard();
      throw Refused(Error{Error::Code::damaged, ""});
    }
    try {
      asked.incoming.commit();
    } catch (const LocalTrouble& trouble) {  // the connection is fine
      report_.failed(shown(asked.file.target), trouble);
      return;
    }
    tell_received(report_, asked.file, coming.size, offset,
                  tagged(coming.digest.kind, coming.digest.digits));
  }

  Session& session_;
  Report& report_;
  std::deque<Fetch> waiting_;
  std::deque<Asked> asked_;
};

/// Version 1: one after the other, each from its beginning.
void fetch_one(Session& session, Report& report, const Fetch& file) {
  Incoming incoming =
      file.to == "-" ? Incoming::to_standard_output() : Incoming::temporary(file.to);
  std::uint64_t size = 0;
  session.one().download(
      folder_of(file.target.type), file.target.name,
      [&](std::span<const std::byte> piece) {
        incoming.write(piece);
        report.progress().moved(piece.size());
      },
      [&](std::uint64_t length) {
        size = length;
        report.progress().begin(file.target.name, 0, length);
      });
  incoming.commit();
  tell_received(report, file, size, 0, "");
}

}  // namespace

void fetch_all(Session& session, Report& report, const std::vector<Fetch>& files) {
  if (session.version_2()) return Fetching(session, report, files).run();
  one_by_one(report, files, [&](const Fetch& file) { fetch_one(session, report, file); });
}

}  // namespace ftp::client
