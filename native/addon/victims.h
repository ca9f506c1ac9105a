#ifndef SPILLWAY_ADDON_VICTIMS_H_
#define SPILLWAY_ADDON_VICTIMS_H_

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "failure.h"
#include "killer.h"
#include "victim.h"

namespace spillway {

// The victims of one Node environment, and a killer from the first to the
// last of them. JavaScript's thread only.
class Victims {
 public:
  Result<VictimId> open(const std::string& directory);
  // Null for unknown ids.
  std::shared_ptr<Victim> find(VictimId id) const;
  void kill(VictimId id);
  // To be taken out of all plans before.
  void close(VictimId id);
  void close_all();

  // Null without victims.
  KillSink* killer() const { return killer_.get(); }

 private:
  std::unordered_map<VictimId, std::shared_ptr<Victim>> victims_;
  std::unique_ptr<Killer> killer_;
};

}  // namespace spillway

#endif  // SPILLWAY_ADDON_VICTIMS_H_
