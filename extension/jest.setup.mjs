// jsdom lacks these; Lumino's drag-and-drop wants the first when it is loaded, the list asks for the second.
globalThis.DragEvent ??= class DragEvent extends Event {};
globalThis.ResizeObserver ??= class ResizeObserver {
  observe() {}
  unobserve() {}
  disconnect() {}
};
