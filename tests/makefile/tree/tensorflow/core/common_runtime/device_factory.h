#ifndef TENSORFLOW_CORE_COMMON_RUNTIME_DEVICE_FACTORY_H_
#define TENSORFLOW_CORE_COMMON_RUNTIME_DEVICE_FACTORY_H_

#include <memory>

#include "tensorflow/core/common_runtime/device.h"
#include "tensorflow/core/lib/core/status.h"

namespace tensorflow {

class DeviceFactory {
 public:
  virtual ~DeviceFactory() {}
  virtual Device* CreateDevice() = 0;

  static void Register(const string& type, DeviceFactory* factory);
  static Status NewDevice(const string& type, std::unique_ptr<Device>* device);
};

namespace dfactory {

template <class Factory>
class Registrar {
 public:
  explicit Registrar(const string& type) { DeviceFactory::Register(type, new Factory); }
};

}  // namespace dfactory
}  // namespace tensorflow

#define REGISTER_LOCAL_DEVICE_FACTORY(type, factory) \
  static ::tensorflow::dfactory::Registrar<factory> registered_##factory(type)

#endif  // TENSORFLOW_CORE_COMMON_RUNTIME_DEVICE_FACTORY_H_
