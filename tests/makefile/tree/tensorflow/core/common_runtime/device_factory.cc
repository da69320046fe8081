#include "tensorflow/core/common_runtime/device_factory.h"

#include <map>

#include "tensorflow/core/lib/core/errors.h"

namespace tensorflow {

namespace {

std::map<string, DeviceFactory*>* Factories() {
  static auto* factories = new std::map<string, DeviceFactory*>;
  return factories;
}

}  // namespace

void DeviceFactory::Register(const string& type, DeviceFactory* factory) {
  (*Factories())[type] = factory;
}

Status DeviceFactory::NewDevice(const string& type, std::unique_ptr<Device>* device) {
  const auto found = Factories()->find(type);
  if (found == Factories()->end()) {
    return errors::NotFound("no factory of devices is registered for ", type);
  }
  device->reset(found->second->CreateDevice());
  return Status::OK();
}

}  // namespace tensorflow
