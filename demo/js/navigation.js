// A link to each tab: the part of the address after # names it, and what the tab itself keeps there, as #learn/K7Q4.
() => {
  const tabs = TABS;
  document.documentElement.lang = LANGUAGE;
  let following = false; // the address already names the tab
  const button = name => document.getElementById(`tab-${name}-button`);
  const named = () => location.hash.slice(1).split("/")[0];
  const show = () => {
    const target = button(tabs.includes(named()) ? named() : tabs[0]);
    following = true;
    if (target && target.ariaSelected !== "true") target.click();
    following = false;
  };
  for (const name of tabs)
    button(name)?.addEventListener("click", () => {
      document.title = `${button(name).textContent.trim()} - skinnet`;
      if (!following && named() !== name) history.pushState(null, "", `${location.pathname}${location.search}#${name}`);
    });
  for (const link of document.querySelectorAll("#header .languages a")) link.addEventListener("click", () => { link.hash = location.hash; });
  addEventListener("hashchange", show);
  addEventListener("popstate", show);
  show();
}
