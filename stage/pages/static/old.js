// Only browsers that know no modules run this: the stage does not come up there.

const old = document.getElementById("old");
if (old) old.hidden = false;
