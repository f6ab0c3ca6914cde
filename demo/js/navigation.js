// A link to each tab: the part of the address after # names it, and what the tab itself keeps there, as #learn/K7Q4.
() => {
  const tabs = TABS;
  const button = name => document.getElementById(`tab-${name}-button`);
  const named = () => location.hash.slice(1).split("/")[0];
  const show = () => {
    if (tabs.includes(named())) button(named())?.click();
  };
  for (const name of tabs)
    button(name)?.addEventListener("click", () => {
      document.title = `${button(name).textContent.trim()} - skinnet`;
      if (named() !== name) history.pushState(null, "", `#${name}`);
    });
  addEventListener("hashchange", show);
  addEventListener("popstate", show);
  show();
}
