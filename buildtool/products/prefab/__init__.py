"""Shared libraries of several ABIs in an AAR with Prefab metadata, for apps for Android."""
