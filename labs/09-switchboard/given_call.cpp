#include "given_call.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <iterator>
#include <system_error>

namespace switchboard {

// --- a caller's story, told blocking ---

void Call::hold() {
  const std::string last_words = converse();
  {
    const std::lock_guard lock(floor_.guard);
    floor_.there.erase(this);
  }
  hang_up(last_words);
  const std::lock_guard lock(floor_.guard);
  floor_.over.push_back(number_);
}

/// Answers lines until the call is over; returns what the caller is still to be told.
std::string Call::converse() {
  const Limits& limits = floor_.limits;
  idle_end_ = Clock::now() + limits.idle;
  total_end_ = Clock::now() + limits.total;
  std::string last_words;
  try {
    for (;;) {
      if (answer_lines(last_words)) return last_words;
      const bool room = has_room();
      if (heard_all_ && room) return "";
      const Time until = stopping_ ? closing_end_ : std::min(idle_end_, total_end_);
      if (!wait(room ? POLLIN : 0, until) && Clock::now() >= until) break;
    }
  } catch (...) {
    const std::string text = fault_text(std::current_exception());
    const std::lock_guard lock(floor_.guard);
    if (floor_.tally.faults++ == 0) floor_.tally.first_fault = text;
    return fault_words(text);
  }
  if (stopping_) return "";
  const std::lock_guard lock(floor_.guard);
  ++floor_.tally.timed_out;
  return std::string(total_end_ <= idle_end_ ? time_is_up_words : idle_words);
}

/// Answers the whole lines for whose replies there is room. True when the call is over.
bool Call::answer_lines(std::string& last_words) {
  bool over = false;
  while (!over && has_room()) {
    const auto line = lines_.next();
    if (!line) {
      if (!lines_.too_long()) return false;
      last_words = line_too_long_words;
      return true;
    }
    idle_end_ = Clock::now() + floor_.limits.idle;
    answer(*line, over);
  }
  return over;
}

void Call::answer(const std::string& line, bool& over) {
  std::size_t callers = 0;
  {
    const std::lock_guard lock(floor_.guard);
    callers = floor_.there.size();
  }
  const Reply reply = floor_.exchange(line, number_, callers);
  {
    const std::lock_guard lock(guard_);
    queue_.add(reply.line);
  }
  over = reply.hang_up;
  const std::lock_guard lock(floor_.guard);
  ++floor_.tally.lines;
  if (reply.chat.empty()) return;
  for (Call* other : floor_.there)
    if (other != this && !other->hear_chat(reply.chat)) ++floor_.tally.left_out;
}

/// Waits for these events, for room to send what is queued, and for the stop; sees to what came.
/// False when nothing came in time.
bool Call::wait(short events, Time until) {
  {
    const std::lock_guard lock(guard_);
    if (heard_all_) events = 0;
    if (!queue_.empty()) events |= POLLOUT;
    watches_ = (events & POLLOUT) != 0;
  }
  pollfd waits[] = {{call_.get(), events, 0},
                    {stopping_ ? -1 : floor_.stop.descriptor(), POLLIN, 0}};
  const int ready = ::poll(waits, std::size(waits), milliseconds_until(until));
  {
    const std::lock_guard lock(guard_);
    watches_ = false;
    flush();
  }
  if (ready <= 0) return false;
  if ((waits[0].revents & ~POLLOUT) != 0) listen();
  if (waits[1].revents != 0) see_stop();
  return true;
}

/// Reads what has arrived, a mouthful at most.
void Call::listen() {
  char bytes[4096];
  const std::size_t most = stopping_ ? std::min(unheard_, sizeof bytes) : sizeof bytes;
  const ssize_t count = ::recv(call_.get(), bytes, most, MSG_DONTWAIT);
  if (count > 0) {
    const auto length = static_cast<std::size_t>(count);
    lines_.take({bytes, length});
    if (stopping_) unheard_ -= length;
    heard_all_ = stopping_ && unheard_ == 0;
  } else if (count == 0) {
    heard_all_ = at_end_ = true;
  } else if (errno != EAGAIN && errno != EINTR) {
    const std::lock_guard lock(guard_);
    heard_all_ = at_end_ = gone_ = true;
    queue_.drop();
  }
}

void Call::see_stop() {
  stopping_ = true;
  closing_end_ = Clock::now() + floor_.limits.closing;
  if (floor_.at_stop) floor_.at_stop();
  int arrived = 0;
  ::ioctl(call_.get(), FIONREAD, &arrived);
  unheard_ = static_cast<std::size_t>(arrived);
  heard_all_ = heard_all_ || unheard_ == 0;
}

// --- what waits for the caller ---

bool Call::has_room() {
  const std::lock_guard lock(guard_);
  if (queue_.full()) flush();
  return !queue_.full();
}

/// Sends what the socket takes at once. Call it with the lock held.
void Call::flush() {
  while (!queue_.empty()) {
    const std::string_view waiting = queue_.waiting();
    const ssize_t count =
        ::send(call_.get(), waiting.data(), waiting.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
      queue_.taken(static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      if (errno == EAGAIN) return;
      gone_ = true;
      queue_.drop();
    }
  }
}

bool Call::hear_chat(std::string_view chat) {
  const std::lock_guard lock(guard_);
  if (gone_) return true;  // it only has not noticed yet
  if (!queue_.offer(chat)) {
    flush();
    if (!queue_.offer(chat)) return false;
  }
  flush();
  // The thread that holds this call sleeps, waiting for other things than room to send.
  if (queue_.empty() || watches_ || late_) return true;
  if (late_writer_.joinable()) late_writer_.join();
  try {
    late_writer_ = std::thread([this] { write_late(); });
    late_ = true;
  } catch (const std::system_error&) {
    // No thread is to be had: the rest goes when the caller next says something.
  }
  return true;
}

/// Sends the rest of a chat line that the caller's socket did not take at once. Ends at the latest
/// when the call is shut down, which poll sees.
void Call::write_late() {
  for (;;) {
    pollfd wait{call_.get(), POLLOUT, 0};
    ::poll(&wait, 1, -1);
    const std::lock_guard lock(guard_);
    flush();
    if (!queue_.empty()) continue;
    late_ = false;
    return;
  }
}

/// Sends what is queued, says goodbye by a FIN, and listens no more than until the caller has gone
/// too: closed with bytes unread, the connection would end in a RST, which can overtake the words.
void Call::hang_up(std::string_view last_words) {
  closing_end_ = std::min(closing_end_, Clock::now() + floor_.limits.closing);
  {
    const std::lock_guard lock(guard_);
    if (!gone_) queue_.add(last_words);
    flush();
  }
  const auto late = [this] { return Clock::now() >= closing_end_; };
  const auto wait_for = [this](short events) {
    pollfd wait{call_.get(), events, 0};
    ::poll(&wait, 1, milliseconds_until(closing_end_));
  };
  const auto sent = [this] {
    const std::lock_guard lock(guard_);
    flush();
    return queue_.empty();
  };
  while (!sent() && !late()) wait_for(POLLOUT);
  ::shutdown(call_.get(), SHUT_WR);
  char unwanted[4096];
  while (!at_end_ && !late()) {
    wait_for(POLLIN);
    const ssize_t count = ::recv(call_.get(), unwanted, sizeof unwanted, MSG_DONTWAIT);
    at_end_ = count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR);
  }
  ::shutdown(call_.get(), SHUT_RDWR);
  if (late_writer_.joinable()) late_writer_.join();
  call_ = Descriptor();
}

}  // namespace switchboard
